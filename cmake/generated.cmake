# api/schema/*.schema -> build/generated/*.c, *.h. The generator (api/schema/gen/) runs on the build machine, so its own
# compiler builds it. It is called as: api_gen OUTDIR SCHEMA...; its outputs stand in api/schema/gen/outputs, one name a line.
set(generated_dir "${CMAKE_BINARY_DIR}/generated")
set(generated_sources "")
file(MAKE_DIRECTORY "${generated_dir}")
file(GLOB gen_sources CONFIGURE_DEPENDS api/schema/gen/*.c)
file(GLOB gen_headers CONFIGURE_DEPENDS api/schema/gen/*.h)
file(GLOB schemas CONFIGURE_DEPENDS api/schema/*.schema)
set(gen_outputs_file "${CMAKE_SOURCE_DIR}/api/schema/gen/outputs")

if(gen_sources AND EXISTS "${gen_outputs_file}")
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${gen_outputs_file}")
	file(STRINGS "${gen_outputs_file}" gen_names REGEX "^[^#]")
	list(TRANSFORM gen_names PREPEND "${generated_dir}/" OUTPUT_VARIABLE gen_outputs)
	find_program(HOST_CC NAMES gcc cc REQUIRED)
	set(api_gen "${CMAKE_BINARY_DIR}/api_gen")
	add_custom_command(OUTPUT "${api_gen}"
		COMMAND "${HOST_CC}" -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Wconversion -Wshadow -Werror
			-I "${CMAKE_SOURCE_DIR}" ${gen_sources} -o "${api_gen}"
		DEPENDS ${gen_sources} ${gen_headers} COMMENT "host program api_gen" VERBATIM)
	add_custom_command(OUTPUT ${gen_outputs}
		COMMAND "${api_gen}" "${generated_dir}" ${schemas}
		DEPENDS "${api_gen}" ${schemas} COMMENT "tables from api/schema" VERBATIM)
	add_custom_target(generated DEPENDS ${gen_outputs})
	set(generated_sources ${gen_outputs})
	list(FILTER generated_sources INCLUDE REGEX "\\.c$")
else()
	add_custom_target(generated)
endif()
