/* Preloaded into the program: writes down every call that changes a file or a folder below
   $POWER_ROOT, in the order in which they take effect, into $POWER_LOG. With $POWER_KILL=N the
   program is killed right after the N-th of them. With $POWER_FAIL=N the N-th attempt at such a
   call fails as on a full or broken disk, and where $POWER_HOW is `on`, every later one, too;
   where it is `short`, the N-th takes half of its bytes if it is a write.

   One line a call, paths at its end:
     C inode path     a file was created          R from<TAB>to   renamed
     W inode at n     n bytes follow, and \n      U path          unlinked
     T inode length   cut or grown to a length    M path          a folder was made
     F inode          the file was flushed        X path          a folder was removed
     D path           the folder was flushed      E name          a call failed           */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static long calls = 0;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_ours(const char *path) {
    const char *root = getenv("POWER_ROOT");
    size_t length = root ? strlen(root) : 0;
    return length && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* The whole path, without a folder before it where `path` is absolute. */
static int whole(int dir, const char *path, char *out) {
    if (path[0] == '/') {
        snprintf(out, PATH_MAX, "%s", path);
    } else {
        char folder[PATH_MAX - 300];
        char link[64];
        if (dir == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t n = readlink(link, folder, sizeof folder - 1);
        if (n < 0) return 0;
        folder[n] = 0;
        snprintf(out, PATH_MAX, "%s/%.250s", folder, path);
    }
    return is_ours(out);
}

static int of_fd(int fd, char *out) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    if (n < 0) return 0;
    out[n] = 0;
    return is_ours(out);
}

/* Past our own `write`. */
static void put(const void *bytes, size_t length) {
    static int log = -1;
    if (log < 0) {
        const char *name = getenv("POWER_LOG");
        log = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    }
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = syscall(SYS_write, log, at, length);
        if (n <= 0) abort();
        at += n;
        length -= (size_t)n;
    }
}

static void tell(const char *format, ...) {
    char line[3 * PATH_MAX];
    va_list values;
    va_start(values, format);
    int n = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    put(line, (size_t)n);
}

static void count(void) {
    const char *last = getenv("POWER_KILL");
    if (++calls == (last ? atol(last) : -1)) raise(SIGKILL);
}

/* Whether the call `name` of ours is to fail now. */
static int fails(const char *name, int error) {
    static long attempts = 0;
    const char *first = getenv("POWER_FAIL"), *how = getenv("POWER_HOW");
    if (!first) return 0;
    pthread_mutex_lock(&order);
    long beyond = ++attempts - atol(first);
    int now = beyond == 0 || (beyond > 0 && how && strcmp(how, "on") == 0);
    if (now) tell("E %s\n", name);
    pthread_mutex_unlock(&order);
    if (now) errno = error;
    return now;
}

static int opened(int dir, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    if ((flags & (O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))) && whole(dir, path, full) && fails("open", ENOSPC))
        return -1;
    /* A file without a name is nobody's after a power cut. */
    if ((flags & O_TMPFILE) == O_TMPFILE || !(flags & (O_CREAT | O_TRUNC)) || !whole(dir, path, full))
        return (int)syscall(SYS_openat, dir, path, flags, mode);
    pthread_mutex_lock(&order);
    struct stat facts;
    int was_there = lstat(full, &facts) == 0;
    int fd = (int)syscall(SYS_openat, dir, path, flags, mode);
    int error = errno;
    if (fd >= 0 && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode)) {
        if (!was_there) { tell("C %lu %s\n", (unsigned long)facts.st_ino, full); count(); }
        else if (flags & O_TRUNC) { tell("T %lu 0\n", (unsigned long)facts.st_ino); count(); }
    }
    pthread_mutex_unlock(&order);
    errno = error;
    return fd;
}

#define MODE(flags, last)                                                \
    mode_t mode = 0;                                                     \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                               \
        va_list values;                                                  \
        va_start(values, last);                                          \
        mode = va_arg(values, mode_t);                                   \
        va_end(values);                                                  \
    }

int open(const char *path, int flags, ...) { MODE(flags, flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags, flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE(flags, flags) return opened(dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE(flags, flags) return opened(dir, path, flags, mode); }

static ssize_t written(int fd, const struct iovec *parts, int n) {
    char path[PATH_MAX];
    if (!of_fd(fd, path)) return syscall(SYS_writev, fd, parts, n);
    struct iovec half = parts[0];
    if (fails("write", ENOSPC)) {
        const char *how = getenv("POWER_HOW");
        if (!how || strcmp(how, "short") != 0 || half.iov_len < 2) return -1;
        half.iov_len /= 2;
        parts = &half;
        n = 1;
    }
    pthread_mutex_lock(&order);
    struct stat facts;
    fstat(fd, &facts);
    off_t at = fcntl(fd, F_GETFL) & O_APPEND ? facts.st_size : lseek(fd, 0, SEEK_CUR);
    ssize_t done = syscall(SYS_writev, fd, parts, n);
    int error = errno;
    if (done > 0) {
        tell("W %lu %ld %ld\n", (unsigned long)facts.st_ino, (long)at, (long)done);
        ssize_t left = done;
        for (int i = 0; left > 0; i++) {
            size_t some = parts[i].iov_len < (size_t)left ? parts[i].iov_len : (size_t)left;
            put(parts[i].iov_base, some);
            left -= (ssize_t)some;
        }
        put("\n", 1);
        count();
    }
    pthread_mutex_unlock(&order);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    struct iovec part = { (void *)bytes, length };
    return written(fd, &part, 1);
}
ssize_t writev(int fd, const struct iovec *parts, int n) { return written(fd, parts, n); }

/* Does `call`, and writes down `...` where it worked and is of ours. */
#define TOLD(ours, call, ...)                                            \
    do {                                                                 \
        if ((ours) && fails(__func__, EIO)) return -1;                   \
        pthread_mutex_lock(&order);                                      \
        int done = (call);                                               \
        int error = errno;                                               \
        if (done == 0 && (ours)) { tell(__VA_ARGS__); count(); }         \
        pthread_mutex_unlock(&order);                                    \
        errno = error;                                                   \
        return done;                                                     \
    } while (0)

static int flushed(int fd, int (*real)(int)) {
    char path[PATH_MAX];
    struct stat facts = { 0 };
    int ours = of_fd(fd, path) && fstat(fd, &facts) == 0;
    if (S_ISDIR(facts.st_mode)) TOLD(ours, real(fd), "D %s\n", path);
    TOLD(ours, real(fd), "F %lu\n", (unsigned long)facts.st_ino);
}
int fsync(int fd) { return flushed(fd, REAL(fsync)); }
int fdatasync(int fd) { return flushed(fd, REAL(fdatasync)); }

static int cut(int fd, off_t length) {
    char path[PATH_MAX];
    struct stat facts = { 0 };
    int ours = of_fd(fd, path) && fstat(fd, &facts) == 0;
    TOLD(ours, (int)syscall(SYS_ftruncate, fd, length), "T %lu %ld\n", (unsigned long)facts.st_ino, (long)length);
}
int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off_t length) { return cut(fd, length); }

int rename(const char *from, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    int ours = whole(AT_FDCWD, from, old) & whole(AT_FDCWD, to, new);
    TOLD(ours, REAL(rename)(from, to), "R %s\t%s\n", old, new);
}
int unlink(const char *path) {
    char full[PATH_MAX];
    int ours = whole(AT_FDCWD, path, full);
    TOLD(ours, REAL(unlink)(path), "U %s\n", full);
}
int unlinkat(int dir, const char *path, int flags) {
    char full[PATH_MAX];
    int ours = whole(dir, path, full);
    TOLD(ours, REAL(unlinkat)(dir, path, flags), "%s %s\n", flags & AT_REMOVEDIR ? "X" : "U", full);
}
int rmdir(const char *path) {
    char full[PATH_MAX];
    int ours = whole(AT_FDCWD, path, full);
    TOLD(ours, REAL(rmdir)(path), "X %s\n", full);
}
int mkdir(const char *path, mode_t mode) {
    char full[PATH_MAX];
    int ours = whole(AT_FDCWD, path, full);
    TOLD(ours, REAL(mkdir)(path, mode), "M %s\n", full);
}
