# Bakes files into the library `embed` by .incbin: everything below embed/files/ under its path there, crun as "crun",
# the pods' shim as "shim", and the licences of all third-party code as "licenses.gz". embed/blob.h finds them by name.
file(GLOB_RECURSE embed_files RELATIVE "${CMAKE_SOURCE_DIR}/embed/files" CONFIGURE_DEPENDS embed/files/*)
set(blob_names ${embed_files})
set(blob_paths ${embed_files})
list(TRANSFORM blob_paths PREPEND "${CMAKE_SOURCE_DIR}/embed/files/")
if(ALLINONE_CRUN AND EXISTS "${ALLINONE_CRUN}")
	list(APPEND blob_names crun)
	list(APPEND blob_paths "${ALLINONE_CRUN}")
endif()
if(EXISTS "${ALLINONE_PREFIX}/licenses.gz")
	list(APPEND blob_names licenses.gz)
	list(APPEND blob_paths "${ALLINONE_PREFIX}/licenses.gz")
endif()

# The shim as a program of its own: the big one's relocations would cost each pod half a megabyte of memory. Builds with a shared
# C library re-execute themselves instead (agent/runtime/program.c).
if(ALLINONE_STATIC)
	file(GLOB shim_sources CONFIGURE_DEPENDS agent/runtime/shim/*.c)
	add_executable(shim ${shim_sources} base/clock.c)
	target_include_directories(shim PRIVATE "${CMAKE_SOURCE_DIR}")
	target_include_directories(shim SYSTEM PRIVATE "${ALLINONE_PREFIX}/include")
	target_compile_definitions(shim PRIVATE shim_main=main)
	target_compile_options(shim PRIVATE -Os)
	target_link_libraries(shim PRIVATE hardening warnings)
	add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/embed/shim" DEPENDS shim VERBATIM
		COMMAND "${CMAKE_OBJCOPY}" --strip-all "$<TARGET_FILE:shim>" "${CMAKE_BINARY_DIR}/embed/shim")
	list(APPEND blob_names shim)
	list(APPEND blob_paths "${CMAKE_BINARY_DIR}/embed/shim")
endif()

set(blob_data "")
set(blob_rows "")
set(n 0)
foreach(name path IN ZIP_LISTS blob_names blob_paths)
	string(APPEND blob_data "\t.balign 16\nblob_${n}:\n\t.incbin \"${path}\"\nblob_${n}_end:\n\t.byte 0\nname_${n}:\n\t.asciz \"${name}\"\n")
	string(APPEND blob_rows "\t.quad name_${n}, blob_${n}, blob_${n}_end - blob_${n}\n")
	math(EXPR n "${n} + 1")
endforeach()
file(CONFIGURE OUTPUT embed/blobs.S @ONLY CONTENT [[
/* made by cmake/embed.cmake: the rows of embed_blobs[] (embed/blob.h) */
	.section .rodata
@blob_data@
	.section .data.rel.ro, "aw"
	.balign 8
	.globl embed_blobs
embed_blobs:
@blob_rows@
	.globl embed_blobs_end
embed_blobs_end:
	.section .note.GNU-stack, "", %progbits
]])
set(blobs_source "${CMAKE_BINARY_DIR}/embed/blobs.S")
set_source_files_properties("${blobs_source}" PROPERTIES OBJECT_DEPENDS "${blob_paths}")
