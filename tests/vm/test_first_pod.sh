#!/usr/bin/env bash
# The first pod on what users have: Debian with systemd and pure cgroup v2; then the arm64 binary on an arm64 kernel.
. "$(dirname "$0")/boot.sh"
here=$(cd "$(dirname "$0")" && pwd)

tell() { # ARCH ALLINONE
	local arch=$1 allinone=$2 payload=$TEST_TMP/payload-$1
	if ! command -v "qemu-system-$([ "$arch" = amd64 ] && echo x86_64 || echo aarch64)" >/dev/null; then
		echo "skip $arch - QEMU for it is not installed"
		return
	fi
	if [ ! -x "$allinone" ]; then
		echo "skip $arch - no $arch executable here (./build.sh build --arch $arch)"
		return
	fi
	mkdir -p "$payload"
	cp "$allinone" "$payload/allinone"
	cp "$here/story" "$here/pod.yaml" "$payload/"
	"$here/../images/make-busybox" "$arch" "$payload/busybox.tar" || { echo "skip $arch - no busybox-static for the image"; return; }
	boot "$arch" "$payload" | tee "$TEST_TMP/console-$arch" | sed -u -E "s/^(ok|not ok|skip) /\1 $arch /"
	grep -q -- '---- end of story' "$TEST_TMP/console-$arch" || echo "not ok $arch story-ends - the machine stopped or timed out before"
}

tell amd64 "$ALLINONE"
tell arm64 "${ALLINONE_ARM64:-}"
