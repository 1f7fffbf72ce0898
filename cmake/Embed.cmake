# SPDX-License-Identifier: Apache-2.0
# bmsgate_embed(TARGET DIRECTORY): all files of a directory, compressed, as part of a target (host/web/static_files.hpp reads them).
# Without the directory a page that says what is missing takes its place.
function(bmsgate_embed target directory)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${directory}/*)
  set(out ${CMAKE_BINARY_DIR}/embed)
  set(script ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake)
  add_custom_command(
    OUTPUT ${out}/embedded.S ${out}/embedded.cpp
    COMMAND ${CMAKE_COMMAND} -DDIRECTORY=${directory} -DFALLBACK=${CMAKE_SOURCE_DIR}/cmake/no_pages.html -DOUT=${out} -P ${script}
    DEPENDS ${files} ${script} ${CMAKE_SOURCE_DIR}/cmake/no_pages.html
    COMMENT "Embedding the pages"
    VERBATIM)
  target_sources(${target} PRIVATE ${out}/embedded.S ${out}/embedded.cpp)
endfunction()
