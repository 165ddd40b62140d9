# The rooms, lowest first, and what each may link: the same table as in docs/architecture.md.
set(rooms base net api client storage server agent)
set(below_base)
set(below_net base)
set(below_api net base)
set(below_client api net base)
set(below_storage client api net base)
set(below_server storage client api net base)
set(below_agent client api net base)

add_library(embed STATIC embed/blob.c "${blobs_source}")
target_include_directories(embed PUBLIC "${CMAKE_SOURCE_DIR}")
target_link_libraries(embed PUBLIC hardening PRIVATE warnings)

foreach(room ${rooms})
	file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${room}/*.c)
	list(FILTER sources EXCLUDE REGEX "/api/schema/gen/")
	if(room STREQUAL "api")
		list(APPEND sources ${generated_sources})
		set_source_files_properties(${generated_sources} PROPERTIES COMPILE_OPTIONS "-Wno-conversion;-Wno-missing-prototypes")
	endif()
	if(NOT sources)
		add_library(${room} INTERFACE) # an empty room
		target_link_libraries(${room} INTERFACE ${below_${room}} embed third_party hardening)
		continue()
	endif()
	add_library(${room} STATIC ${sources})
	target_include_directories(${room} PUBLIC "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}")
	target_link_libraries(${room} PUBLIC ${below_${room}} embed third_party hardening PRIVATE warnings)
	if(NOT room MATCHES "^(base|net)$")
		add_dependencies(${room} generated)
	endif()
endforeach()

# cmd is a library as well, so that its tests can link it; main.c alone makes it the program
file(GLOB_RECURSE cmd_sources CONFIGURE_DEPENDS cmd/*.c)
list(FILTER cmd_sources EXCLUDE REGEX "/cmd/main\\.c$")
set(below_cmd server agent storage client api net base)
if(cmd_sources)
	add_library(cmd STATIC ${cmd_sources})
	target_link_libraries(cmd PUBLIC ${below_cmd} embed third_party hardening PRIVATE warnings)
	target_compile_definitions(cmd PRIVATE ALLINONE_VERSION="${ALLINONE_VERSION}")
	add_dependencies(cmd generated)
else()
	add_library(cmd INTERFACE)
	target_link_libraries(cmd INTERFACE ${below_cmd} embed third_party hardening)
endif()
if(EXISTS "${CMAKE_SOURCE_DIR}/cmd/main.c")
	add_executable(allinone ${allocator} cmd/main.c)
	# whole: a name that two rooms define is an error and not one of the two, silently; gc-sections drops what nobody calls
	target_link_libraries(allinone PRIVATE -Wl,--whole-archive cmd ${below_cmd} -Wl,--no-whole-archive embed third_party hardening warnings)
	target_compile_definitions(allinone PRIVATE ALLINONE_VERSION="${ALLINONE_VERSION}")
	# what ships is stripped; its symbols stay beside it, found by gdb through the debug link
	add_custom_command(TARGET allinone POST_BUILD
		COMMAND "${CMAKE_OBJCOPY}" --only-keep-debug allinone allinone.debug
		COMMAND "${CMAKE_OBJCOPY}" --strip-all --add-gnu-debuglink=allinone.debug allinone allinone.stripped
		COMMAND "${CMAKE_COMMAND}" -E rename allinone.stripped allinone VERBATIM)
endif()
