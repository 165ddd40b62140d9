#!/usr/bin/env bash
cat <<'END'
./build.sh [COMMAND] [OPTIONS]

  build  [--arch amd64|arm64] [--debug|--asan|--tsan] [--clang] [--build-dir DIR]
         the executable build/ARCH/allinone (default: amd64, optimized, static)
  run    [BUILD OPTIONS] [-- FLAGS]  installs what is needed, builds, starts `allinone server` in the foreground
  image  [--arch A] [--tag NAME:TAG] the node image BUILD/allinone-image.tar: a cluster in one container
  test   [LAYER...] [FILTER]         LAYER: unit, api, differential, cluster, conformance, clients, vm, lint, all (default: all)
         [--arch A] [--asan|--tsan] [--build-dir DIR]
  bench  [NAME] [ARGS...]            runs tests/bench
  differential [FOCUS] [--record] [--seed N] [--show]
         upstream's API server (built from its Go modules) and ours get the same requests; --record keeps upstream's
         answers for the layer `differential` of test, which needs no Go
  conformance [FOCUS]                upstream's conformance suite against a cluster of ours (needs Go; 40 minutes for all of it)
  fuzz   [SECONDS] [FILTER]          each fuzzer for that long (default 20)
  deps   [--arch A | --target T] [--update] [--sources DIR]
                                     third-party libraries; --update proposes new pins, --sources takes tarballs at hand
  lint                               clang-format, includes, shellcheck, clang's warnings
  help

ALLINONE_CACHE   third-party sources and libraries, VM images (default: ~/.cache/allinone)
JOBS             parallel jobs (default: processors)
ALLINONE_OFFLINE=1  never call apt
END
