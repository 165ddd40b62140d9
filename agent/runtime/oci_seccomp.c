/* SPDX-License-Identifier: Apache-2.0 */
/* The profile "RuntimeDefault": what a program may call without more than the usual capabilities, and what each capability adds.
 * The names are those of containerd's and Docker's default profile; a name that this kernel or libseccomp does not know is
 * skipped by the OCI runtime. Everything else fails with EPERM, clone3 with ENOSYS, so that the C library falls back to clone. */
#include <errno.h>
#include <sched.h>

#include "agent/runtime/oci_config.h"
#include "base/mem.h"

static const char *const always[] = {
	"_llseek", "_newselect", "accept", "accept4", "access", "adjtimex", "alarm", "bind", "brk",
	"cachestat", "capget", "capset", "chdir", "chmod", "chown", "chown32", "clock_adjtime",
	"clock_adjtime64", "clock_getres", "clock_getres_time64", "clock_gettime",
	"clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "close", "close_range",
	"connect", "copy_file_range", "creat", "dup", "dup2", "dup3", "epoll_create",
	"epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait",
	"epoll_wait_old", "eventfd", "eventfd2", "execve", "execveat", "exit", "exit_group",
	"faccessat", "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fanotify_mark",
	"fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchown32", "fchownat", "fcntl",
	"fcntl64", "fdatasync", "fgetxattr", "flistxattr", "flock", "fork", "fremovexattr",
	"fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate",
	"ftruncate64", "futex", "futex_requeue", "futex_time64", "futex_wait", "futex_waitv",
	"futex_wake", "futimesat", "get_robust_list", "get_thread_area", "getcpu", "getcwd",
	"getdents", "getdents64", "getegid", "getegid32", "geteuid", "geteuid32", "getgid",
	"getgid32", "getgroups", "getgroups32", "getitimer", "getpeername", "getpgid", "getpgrp",
	"getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresgid32", "getresuid",
	"getresuid32", "getrlimit", "getrusage", "getsid", "getsockname", "getsockopt", "gettid",
	"gettimeofday", "getuid", "getuid32", "getxattr", "inotify_add_watch", "inotify_init",
	"inotify_init1", "inotify_rm_watch", "io_cancel", "io_destroy", "io_getevents",
	"io_pgetevents", "io_pgetevents_time64", "io_setup", "io_submit", "io_uring_enter",
	"io_uring_register", "io_uring_setup", "ioctl", "ioprio_get", "ioprio_set", "ipc", "kill",
	"landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "lchown",
	"lchown32", "lgetxattr", "link", "linkat", "listen", "listxattr", "llistxattr",
	"lremovexattr", "lseek", "lsetxattr", "lstat", "lstat64", "madvise", "map_shadow_stack",
	"membarrier", "memfd_create", "memfd_secret", "mincore", "mkdir", "mkdirat", "mknod",
	"mknodat", "mlock", "mlock2", "mlockall", "mmap", "mmap2", "mprotect", "mq_getsetattr",
	"mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend",
	"mq_timedsend_time64", "mq_unlink", "mremap", "msgctl", "msgget", "msgrcv", "msgsnd",
	"msync", "munlock", "munlockall", "munmap", "name_to_handle_at", "nanosleep", "newfstatat",
	"open", "openat", "openat2", "pause", "pidfd_open", "pidfd_send_signal", "pipe", "pipe2",
	"pkey_alloc", "pkey_free", "pkey_mprotect", "poll", "ppoll", "ppoll_time64", "prctl",
	"pread64", "preadv", "preadv2", "prlimit64", "process_mrelease", "process_vm_readv",
	"process_vm_writev", "pselect6", "pselect6_time64", "ptrace", "pwrite64", "pwritev",
	"pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "recv", "recvfrom",
	"recvmmsg", "recvmmsg_time64", "recvmsg", "remap_file_pages", "removexattr", "rename",
	"renameat", "renameat2", "restart_syscall", "rmdir", "rseq", "rt_sigaction",
	"rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
	"rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sched_get_priority_max",
	"sched_get_priority_min", "sched_getaffinity", "sched_getattr", "sched_getparam",
	"sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
	"sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler",
	"sched_yield", "seccomp", "select", "semctl", "semget", "semop", "semtimedop",
	"semtimedop_time64", "send", "sendfile", "sendfile64", "sendmmsg", "sendmsg", "sendto",
	"set_robust_list", "set_thread_area", "set_tid_address", "setfsgid", "setfsgid32",
	"setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32", "setitimer",
	"setpgid", "setpriority", "setregid", "setregid32", "setresgid", "setresgid32",
	"setresuid", "setresuid32", "setreuid", "setreuid32", "setrlimit", "setsid", "setsockopt",
	"setuid", "setuid32", "setxattr", "shmat", "shmctl", "shmdt", "shmget", "shutdown",
	"sigaltstack", "signalfd", "signalfd4", "sigprocmask", "sigreturn", "socketcall",
	"socketpair", "splice", "stat", "stat64", "statfs", "statfs64", "statx", "symlink",
	"symlinkat", "sync", "sync_file_range", "syncfs", "sysinfo", "tee", "tgkill", "time",
	"timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_gettime64",
	"timer_settime", "timer_settime64", "timerfd_create", "timerfd_gettime",
	"timerfd_gettime64", "timerfd_settime", "timerfd_settime64", "times", "tkill", "truncate",
	"truncate64", "ugetrlimit", "umask", "uname", "unlink", "unlinkat", "utime", "utimensat",
	"utimensat_time64", "utimes", "vfork", "vmsplice", "wait4", "waitid", "waitpid", "write",
	"writev",
#if defined(__x86_64__)
	"arch_prctl", "modify_ldt",
#elif defined(__aarch64__)
	"arm_fadvise64_64", "arm_sync_file_range", "breakpoint", "cacheflush", "set_tls", "sync_file_range2",
#endif
};

static const struct {
	const char *capability;
	const char *names[24];
} with_capability[] = {
	{ "DAC_READ_SEARCH", { "open_by_handle_at" } },
	{ "SYS_ADMIN",
	  {
	    "bpf", "clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick",
	    "lookup_dcookie", "mount", "mount_setattr", "move_mount", "open_tree",
	    "perf_event_open", "quotactl", "quotactl_fd", "setdomainname", "sethostname", "setns",
	    "syslog", "umount", "umount2", "unshare",
	  } },
	{ "SYS_BOOT", { "reboot" } },
	{ "SYS_CHROOT", { "chroot" } },
	{ "SYS_MODULE", { "delete_module", "init_module", "finit_module" } },
	{ "SYS_PACCT", { "acct" } },
	{ "SYS_PTRACE",
	  {
	    "kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev",
	    "ptrace",
	  } },
	{ "SYS_RAWIO", { "iopl", "ioperm" } },
	{ "SYS_TIME", { "settimeofday", "stime", "clock_settime", "clock_settime64" } },
	{ "SYS_TTY_CONFIG", { "vhangup" } },
	{ "SYS_NICE", { "get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node" } },
	{ "SYSLOG", { "syslog" } },
	{ "BPF", { "bpf" } },
	{ "PERFMON", { "perf_event_open" } },
};

/* personality(2) with these values only: Linux, UNAME26, their union, and the query. */
static const uint32_t personalities[] = { 0x0, 0x8, 0x20000, 0x20008, 0xffffffff };

#if defined(__x86_64__)
#define ARCHITECTURES "\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\""
#else
#define ARCHITECTURES "\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\""
#endif
#define NAMESPACES                                                                                   \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
	 CLONE_NEWCGROUP)
#define AF_VSOCK_NUMBER 40

static void add_names(struct buf *out, const char *const *names, size_t n)
{
	buf_puts(out, "{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[");
	for (size_t i = 0; i < n && names[i]; i++)
		buf_printf(out, "%s\"%s\"", i ? "," : "", names[i]);
	buf_puts(out, "]}");
}

static void add_compare(struct buf *out, const char *name, unsigned index, unsigned long value, const char *op)
{
	buf_printf(out,
		   ",{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"%s\"],\"args\":[{\"index\":%u,\"value\":%lu,\"op\":\"%s\"}]}",
		   name, index, value, op);
}

void oci_seccomp_default(struct buf *out, const struct oci_capabilities *caps)
{
	buf_puts(out, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[" ARCHITECTURES "],\"syscalls\":[");
	add_names(out, always, COUNT_OF(always));
	for (size_t i = 0; i < COUNT_OF(with_capability); i++) {
		if (!oci_capabilities_has(caps, with_capability[i].capability))
			continue;
		buf_putc(out, ',');
		add_names(out, with_capability[i].names, COUNT_OF(with_capability[i].names));
	}
	for (size_t i = 0; i < COUNT_OF(personalities); i++)
		add_compare(out, "personality", 0, personalities[i], "SCMP_CMP_EQ");
	add_compare(out, "socket", 0, AF_VSOCK_NUMBER, "SCMP_CMP_NE");
	if (!oci_capabilities_has(caps, "SYS_ADMIN")) {
		buf_printf(out,
			   ",{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"clone\"],\"args\":[{\"index\":0,\"value\":%lu,"
			   "\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}",
			   (unsigned long)(NAMESPACES));
		buf_printf(out, ",{\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%d,\"names\":[\"clone3\"]}", ENOSYS);
	}
	buf_puts(out, "]}");
}
