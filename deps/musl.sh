# The C library of what ships: loads nothing at run time, unlike static glibc (nsswitch modules).
# Its gcc wrapper is the compiler of every other recipe. The kernel's headers are linked beside its own.
CC=${TOOL}gcc ./configure --target="$HOST" --prefix="$OUT" --syslibdir="$OUT/lib" --disable-shared \
	--enable-wrapper=gcc CROSS_COMPILE="$TOOL" CFLAGS="-O2 -fPIE -ffunction-sections -fdata-sections"
make
make install
case $TARGET in
amd64-*) kernel=/usr/include asm=/usr/include/x86_64-linux-gnu/asm ;;
arm64-*) kernel=/usr/aarch64-linux-gnu/include asm=$kernel/asm ;;
esac
ln -s $kernel/linux "$OUT/include/linux"
ln -s $kernel/asm-generic "$OUT/include/asm-generic"
ln -s "$asm" "$OUT/include/asm"
# the wrapper's specs know nothing of -static-pie
sed -i -e "s|^%{!shared: \(.*\)/Scrt1.o}|%{static-pie: \1/rcrt1.o; !shared: \1/Scrt1.o}|" \
	-e "s|^-dynamic-linker \([^ ]*\)|%{static-pie:-static -pie --no-dynamic-linker -z text; :-dynamic-linker \1}|" "$OUT/lib/musl-gcc.specs"
grep -q 'static-pie.*no-dynamic-linker' "$OUT/lib/musl-gcc.specs"
