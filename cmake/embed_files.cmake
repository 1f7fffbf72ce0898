# SPDX-License-Identifier: Apache-2.0
# Run at build time: DIRECTORY -> OUT/embedded.S (the bytes) and OUT/embedded.cpp (the table). FALLBACK is the start page if there is none.
file(GLOB_RECURSE files RELATIVE ${DIRECTORY} ${DIRECTORY}/*)
list(FILTER files EXCLUDE REGEX "\\.(map|gz)$")
list(SORT files)
if(NOT EXISTS ${DIRECTORY}/index.html)
  set(files "index.html")
  file(COPY_FILE ${FALLBACK} ${OUT}/index.html)
  set(DIRECTORY ${OUT})
endif()

set(assembly "// Made by cmake/embed_files.cmake.\n.section .rodata\n")
set(table "")
set(externs "")
set(number 0)
foreach(file ${files})
  set(source ${DIRECTORY}/${file})
  set(packed ${OUT}/${number}.gz)
  # -n: neither name nor time, so that the same pages give the same bytes.
  execute_process(COMMAND gzip -9 -n -c ${source} OUTPUT_FILE ${packed} COMMAND_ERROR_IS_FATAL ANY)
  file(SIZE ${source} plain_size)
  file(SIZE ${packed} packed_size)
  set(gzip true)
  if(packed_size GREATER_EQUAL plain_size)
    set(packed ${source})
    set(gzip false)
  endif()
  file(SHA256 ${source} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  string(APPEND assembly ".global bmsgate_file_${number}\n.global bmsgate_file_${number}_end\n.balign 8\n"
                         "bmsgate_file_${number}:\n.incbin \"${packed}\"\nbmsgate_file_${number}_end:\n.byte 0\n")
  string(APPEND externs "extern const char bmsgate_file_${number}[];\nextern const char bmsgate_file_${number}_end[];\n")
  string(APPEND table "    {\"/${file}\", \"\\\"${hash}\\\"\", ${gzip}, bmsgate_file_${number}, bmsgate_file_${number}_end},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND assembly ".section .note.GNU-stack,\"\",%progbits\n")

file(WRITE ${OUT}/embedded.S "${assembly}")
file(WRITE ${OUT}/embedded.cpp
     "// Made by cmake/embed_files.cmake.\n#include <array>\n\n#include \"host/web/static_files.hpp\"\n\nextern \"C\" {\n${externs}}\n\n"
     "namespace bmsgate::host::web {\nnamespace {\nconst auto kFiles = std::to_array<EmbeddedFile>({\n${table}});\n}  // namespace\n"
     "std::span<const EmbeddedFile> embedded_files() { return kFiles; }\n}  // namespace bmsgate::host::web\n")
