# shellcheck shell=bash
# Sourced by tests/vm/test_*.sh: boot ARCH PAYLOAD-DIR runs PAYLOAD-DIR/story in a machine of that kind and
# prints its console; the story prints result lines itself. Without KVM: everything is about twenty times slower.

boot() {
	local arch=$1 payload=$2 image disk qemu=() here
	here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
	image=$("$here/image" "$arch") || return 1
	disk=$TEST_TMP/payload-$arch.img
	truncate -s "$(($(du -sm "$payload" | cut -f1) + 24))M" "$disk"
	mkfs.ext4 -q -F -d "$payload" "$disk" || return 1
	case $arch in
	amd64) qemu=(qemu-system-x86_64 -M q35 -accel "tcg,thread=multi" -cpu max -append "console=ttyS0 $cmdline_common mitigations=off systemd.mask=serial-getty@ttyS0.service") ;;
	arm64) qemu=(qemu-system-aarch64 -M virt -cpu cortex-a72 -append "console=ttyAMA0 $cmdline_common") ;;
	esac
	timeout -k 5 "${VM_TIMEOUT:-800}" "${qemu[@]}" -smp 2 -m 1024 -nodefaults -display none -serial stdio -no-reboot \
		-kernel "$image/vmlinuz" -initrd "$image/initrd.gz" \
		-drive "file=$image/root.img,format=raw,if=virtio,snapshot=on" -drive "file=$disk,format=raw,if=virtio,readonly=on" \
		-netdev user,id=n,restrict=on -device virtio-net-pci,netdev=n,romfile= -device virtio-rng-pci </dev/null | tr -d '\r'
}
cmdline_common="quiet panic=-1 net.ifnames=0"
