# Compiler and linker flags, in three interface libraries:
#   hardening     for everything that we compile
#   warnings      for our own code (not for generated code)
#   third_party   headers and archives of the prefix, in link order
add_library(hardening INTERFACE)
target_compile_definitions(hardening INTERFACE _GNU_SOURCE)
target_compile_options(hardening INTERFACE -fno-strict-aliasing -fno-common -ffunction-sections -fdata-sections
	-fstack-protector-strong -fstack-clash-protection -fno-plt -fPIE)
if(ALLINONE_STATIC)
	target_link_options(hardening INTERFACE -static-pie)
else()
	target_link_options(hardening INTERFACE -pie)
endif()
# musl's threads get 128 KB of stack unless the program header says otherwise
target_link_options(hardening INTERFACE -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,stack-size=1048576)

if(ALLINONE_SANITIZE STREQUAL "address")
	set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(ALLINONE_SANITIZE STREQUAL "thread")
	set(sanitizers -fsanitize=thread -fno-omit-frame-pointer)
endif()
if(ALLINONE_FUZZ)
	list(APPEND sanitizers -fsanitize=fuzzer-no-link)
endif()
target_compile_options(hardening INTERFACE ${sanitizers})
target_link_options(hardening INTERFACE ${sanitizers})

add_library(warnings INTERFACE)
target_compile_options(warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror -Wstrict-prototypes -Wmissing-prototypes
	-Wvla -Wno-missing-field-initializers)
add_library(test_warnings INTERFACE) # cmocka's macros convert, and a test calls everything static or main
target_compile_options(test_warnings INTERFACE -Wall -Wextra -Wshadow -Werror -Wno-missing-field-initializers -Wno-pointer-sign)
if(ALLINONE_SANITIZE AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
	# instrumented code hides from gcc what is known about sizes
	set(guesses -Wno-format-truncation -Wno-format-overflow -Wno-maybe-uninitialized -Wno-stringop-overflow)
	target_compile_options(warnings INTERFACE ${guesses})
	target_compile_options(test_warnings INTERFACE ${guesses})
endif()

add_library(third_party INTERFACE)
target_include_directories(third_party SYSTEM INTERFACE "${ALLINONE_PREFIX}/include")
target_link_directories(third_party INTERFACE "${ALLINONE_PREFIX}/lib")
target_link_libraries(third_party INTERFACE curl nghttp2 mbedtls mbedx509 mbedcrypto nettle llhttp zstd z yaml jansson
	sqlite3 pcre2-8 uv pthread m)

# The allocator has to be the first object on a link line, so it is no library: executables name it as a source.
set(allocator "")
if(EXISTS "${ALLINONE_PREFIX}/lib/mimalloc.o" AND NOT ALLINONE_SANITIZE)
	set(allocator "${ALLINONE_PREFIX}/lib/mimalloc.o")
	set_source_files_properties("${allocator}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
endif()
