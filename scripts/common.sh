# shellcheck shell=bash
# Sourced by the commands: places, options, and the packages that each needs.
set -euo pipefail
root=${root:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
cache=${ALLINONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/allinone}
JOBS=${JOBS:-$(nproc)}
export ALLINONE_CACHE=$cache JOBS

say() { echo "build.sh: $*" >&2; }
die() { say "$*"; exit 1; }

arch=amd64 flavour=release cc=gcc build_dir="" rest=()
options() { # the options that build and test share; others are left in rest
	while [ $# -gt 0 ]; do
		case $1 in
		--arch) arch=${2:?--arch wants amd64 or arm64} && shift ;;
		--debug | --asan | --tsan) flavour=${1#--} ;;
		--fuzz) flavour=fuzz ;;
		--clang) cc=clang ;;
		--build-dir) build_dir=$(realpath -m "${2:?--build-dir wants a directory}") && shift ;;
		*) rest+=("$1") ;;
		esac
		shift
	done
	case $arch in amd64 | arm64) ;; *) die "--arch $arch: only amd64 and arm64" ;; esac
	target=$arch-musl
	if [ "$cc" = clang ] || [ "$flavour" = asan ] || [ "$flavour" = tsan ] || [ "$flavour" = fuzz ]; then
		[ "$arch" = amd64 ] || die "--$flavour and --clang are for amd64"
		target=amd64-glibc
	fi
	if [ -z "$build_dir" ]; then
		build_dir=$root/build/$arch
		[ "$flavour" = release ] || build_dir+=-$flavour
		[ "$cc" = gcc ] || build_dir+=-$cc
	fi
}

need() { # COMMAND=PACKAGE or /FILE=PACKAGE...: installs what is missing by apt
	local pair missing=()
	for pair in "$@"; do
		case $pair in
		/*) [ -e "${pair%%=*}" ] || missing+=("${pair#*=}") ;;
		*) command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}") ;;
		esac
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ -n "${ALLINONE_OFFLINE:-}" ] || ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
		say "missing: ${missing[*]} (Debian's package names)"
		return 1
	fi
	say "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }
}

need_build() {
	need gcc=gcc make=make cmake=cmake ninja=ninja-build python3=python3 tclsh=tcl m4=m4 gperf=gperf xz=xz-utils bzip2=bzip2 \
		/usr/include/linux/version.h=linux-libc-dev /usr/include/stdio.h=libc6-dev \
		/usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring dpkg-source=dpkg-dev || return
	case $target in
	arm64-musl) need aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu /usr/aarch64-linux-gnu/include/linux/version.h=linux-libc-dev-arm64-cross ;;
	esac
	[ "$cc" != clang ] && [ "$flavour" != fuzz ] || need clang=clang || return
	if [ "$flavour" = fuzz ]; then
		local run_time
		run_time=$(clang -print-runtime-dir)
		need "$run_time=libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
	fi
}

configure() { # makes build_dir ready for cmake --build
	local prefix=$cache/prefix-$target type=Release defs=()
	"$root/scripts/deps/deps.sh" "$target"
	case $target in
	*-musl)
		defs+=(-DCMAKE_C_COMPILER="$prefix/bin/musl-gcc" -DALLINONE_CRUN="$prefix/bin/crun")
		[ "$arch" = amd64 ] || defs+=(-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_OBJCOPY=/usr/bin/aarch64-linux-gnu-objcopy)
		;;
	amd64-glibc)
		[ "$flavour" != fuzz ] || cc=clang
		defs+=(-DCMAKE_C_COMPILER="$cc" -DALLINONE_STATIC=OFF -DALLINONE_CRUN="$cache/prefix-amd64-musl/bin/crun")
		;;
	esac
	case $flavour in
	debug) type=Debug ;;
	asan) defs+=(-DALLINONE_SANITIZE=address) ;;
	tsan) defs+=(-DALLINONE_SANITIZE=thread) ;;
	fuzz) defs+=(-DALLINONE_SANITIZE=address -DALLINONE_FUZZ=ON) ;;
	esac
	[ -f "$build_dir/build.ninja" ] || cmake -S "$root" -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=$type -DALLINONE_PREFIX="$prefix" \
		-DALLINONE_VERSION="$(cat "$root/VERSION")" "${defs[@]}" >"$build_dir.log" 2>&1 || { cat "$build_dir.log" >&2; return 1; }
	rm -f "$build_dir.log"
}

compile() { # TARGET...
	cmake --build "$build_dir" -j "$JOBS" --target "$@"
}
