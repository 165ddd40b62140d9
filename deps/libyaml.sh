CPPFLAGS='-Iinclude -DYAML_VERSION_STRING="0.2.5" -DYAML_VERSION_MAJOR=0 -DYAML_VERSION_MINOR=2 -DYAML_VERSION_PATCH=5'
archive yaml src/*.c
cp include/yaml.h "$OUT/include/"
