# SPDX-License-Identifier: Apache-2.0
# Warnings are errors everywhere; the portable folders are compiled so that exceptions and RTTI cannot creep in.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these falsely inside its own library headers when it inlines them.
  add_compile_options(-Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-maybe-uninitialized)
endif()
  # vptr needs RTTI, which the portable folders are compiled without.
if(BMSGATE_SANITIZE)
  add_compile_options(-fsanitize=${BMSGATE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -fno-sanitize=vptr)
  add_link_options(-fsanitize=${BMSGATE_SANITIZE})
  if(BMSGATE_SANITIZE MATCHES thread)
    add_compile_options(-Wno-tsan)  # Asio's fences, which it does not follow; Asio's mutexes order the same
  endif()
endif()
if(BMSGATE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-sanitize=vptr)
  add_link_options(-fsanitize=address,undefined)
endif()
set(BMSGATE_PORTABLE_FLAGS -fno-exceptions -fno-rtti -fno-threadsafe-statics)
