/* A CUDA driver that computes nothing, so that the CUDA path runs on a machine without a GPU.
 *
 * It answers as a driver does, keeps "device" memory on the host, accepts what NVRTC compiled, and counts launches
 * instead of running them: every result is zero. With a real NVRTC it shows that each kernel compiles for the named
 * architecture, that nothing panics, what a start costs and what is said where a part is missing. It shows nothing
 * about results or speed.
 *
 * Built as libcuda.so (never libcuda.so.1: NVRTC itself looks for that name, and expects more of it):
 *
 *   cc -shared -fPIC -o DIR/libcuda.so driver.c
 *
 * CUDA_STANDIN_SM=86          compute capability (default 80)
 * CUDA_STANDIN_DRIVER=13020   the newest CUDA version that the driver supports, as cuDriverGetVersion has it
 * CUDA_STANDIN_DEVICES=2      devices (default 1)
 * CUDA_STANDIN_INIT=999       what cuInit returns
 * CUDA_STANDIN_MEMORY=BYTES   memory of a device (default 8 GiB); allocations beyond it fail
 * CUDA_STANDIN_LOSE_AT=N      the device is lost at the N-th launch: it and all calls after it fail
 * CUDA_STANDIN_LOG=FILE       gets a line at exit: modules loaded, kernels launched, most bytes held, bytes copied
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int Result;
enum { OK = 0, OUT_OF_MEMORY = 2, LAUNCH_FAILED = 719 };

static long modules, launches, lost;
static size_t held, most, copied;

static long setting(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text ? atol(text) : otherwise;
}
static long capability(void) { return setting("CUDA_STANDIN_SM", 80); }
static size_t memory(void) { return (size_t)setting("CUDA_STANDIN_MEMORY", 8L << 30); }
static Result state(void) { return lost ? LAUNCH_FAILED : OK; }

__attribute__((destructor)) static void log_at_exit(void) {
  const char *path = getenv("CUDA_STANDIN_LOG");
  FILE *file = path ? fopen(path, "a") : NULL;
  if (!file) return;
  fprintf(file, "modules %ld launches %ld most_bytes %zu copied_bytes %zu\n", modules, launches, most, copied);
  fclose(file);
}

/* Blocks remember their size, and whether they count as device memory, in a header before them. */
struct header { size_t bytes, on_device; char pad[48]; };

static Result allocate(void **p, size_t bytes, int on_device) {
  if (lost) return LAUNCH_FAILED;
  if (on_device && held + bytes > memory()) return OUT_OF_MEMORY;
  struct header *block = calloc(1, sizeof *block + bytes);
  if (!block) return OUT_OF_MEMORY;
  block->bytes = bytes;
  block->on_device = on_device;
  if (on_device && (held += bytes) > most) most = held;
  *p = block + 1;
  return OK;
}
static Result release(void *p) {
  if (!p) return OK;
  struct header *block = (struct header *)p - 1;
  if (block->on_device) held -= block->bytes;
  free(block);
  return OK;
}
static Result copy(void *to, const void *from, size_t bytes) {
  if (lost) return LAUNCH_FAILED;
  memcpy(to, from, bytes);
  copied += bytes;
  return OK;
}
static Result launch(void) {
  launches++;
  long at = setting("CUDA_STANDIN_LOSE_AT", 0);
  if (at && launches >= at) lost = 1;
  return state();
}

Result cuInit(unsigned flags) { return (Result)setting("CUDA_STANDIN_INIT", OK); }
Result cuDriverGetVersion(int *version) { *version = (int)setting("CUDA_STANDIN_DRIVER", 13090); return OK; }
Result cuDeviceGetCount(int *count) { *count = (int)setting("CUDA_STANDIN_DEVICES", 1); return OK; }
Result cuDeviceGet(int *device, int index) { *device = index; return OK; }
Result cuDeviceGetName(char *name, int size, int device) {
  snprintf(name, (size_t)size, "stand-in sm_%ld", capability());
  return OK;
}
Result cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = memory(); return OK; }
Result cuMemGetInfo_v2(size_t *available, size_t *total) {
  *total = memory();
  *available = *total - held;
  return state();
}
Result cuDeviceGetAttribute(int *value, int attribute, int device) {
  long major = capability() / 10, minor = capability() % 10;
  switch (attribute) {
    case 1: case 2: case 3: *value = 1024; break;         /* threads a block; block x, y */
    case 4: *value = 64; break;                           /* block z */
    case 5: *value = 2147483647; break;                   /* grid x */
    case 6: case 7: *value = 65535; break;                /* grid y, z */
    case 8: *value = 49152; break;                        /* shared memory a block */
    case 10: *value = 32; break;                          /* warp */
    case 12: *value = 65536; break;                       /* registers a block */
    case 14: *value = 512; break;                         /* texture alignment */
    case 16: *value = 108; break;                         /* multiprocessors */
    case 39: *value = 2048; break;                        /* threads a multiprocessor */
    case 75: *value = (int)major; break;
    case 76: *value = (int)minor; break;
    case 97: *value = major >= 8 ? 101376 : 65536; break; /* shared memory a block, opt-in */
    case 111: *value = 1024; break;
    case 115: *value = 1; break;                          /* memory pools */
    default: *value = 0;
  }
  return OK;
}

Result cuDevicePrimaryCtxRetain(void **context, int device) { *context = (void *)1; return OK; }
Result cuDevicePrimaryCtxRelease_v2(int device) { return OK; }
Result cuCtxSetCurrent(void *context) { return OK; }
Result cuCtxGetCurrent(void **context) { *context = (void *)1; return OK; }
Result cuCtxPushCurrent_v2(void *context) { return OK; }
Result cuCtxPopCurrent_v2(void **context) { return OK; }
Result cuCtxSynchronize(void) { return state(); }
Result cuGetErrorName(int error, const char **name) {
  *name = error == OUT_OF_MEMORY   ? "CUDA_ERROR_OUT_OF_MEMORY"
          : error == LAUNCH_FAILED ? "CUDA_ERROR_LAUNCH_FAILED"
                                   : "CUDA_ERROR_UNKNOWN";
  return OK;
}
Result cuGetErrorString(int error, const char **text) {
  *text = error == OUT_OF_MEMORY   ? "out of memory"
          : error == LAUNCH_FAILED ? "unspecified launch failure"
                                   : "unknown error";
  return OK;
}

Result cuMemAllocAsync(void **p, size_t bytes, void *stream) { return allocate(p, bytes, 1); }
Result cuMemAlloc_v2(void **p, size_t bytes) { return allocate(p, bytes, 1); }
Result cuMemAllocHost_v2(void **p, size_t bytes) { return allocate(p, bytes, 0); }
Result cuMemHostAlloc(void **p, size_t bytes, unsigned flags) { return allocate(p, bytes, 0); }
Result cuMemFreeAsync(void *p, void *stream) { return release(p); }
Result cuMemFree_v2(void *p) { return release(p); }
Result cuMemFreeHost(void *p) { return release(p); }
Result cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t bytes, void *stream) { return copy(to, from, bytes); }
Result cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t bytes, void *stream) { return copy(to, from, bytes); }
Result cuMemcpyDtoDAsync_v2(void *to, const void *from, size_t bytes, void *stream) { return copy(to, from, bytes); }
Result cuMemcpyHtoD_v2(void *to, const void *from, size_t bytes) { return copy(to, from, bytes); }
Result cuMemcpyDtoH_v2(void *to, const void *from, size_t bytes) { return copy(to, from, bytes); }
Result cuMemcpy2DAsync_v2(const void *what, void *stream) { return state(); }
Result cuMemsetD8Async(void *to, unsigned char value, size_t bytes, void *stream) {
  if (lost) return LAUNCH_FAILED;
  memset(to, value, bytes);
  return OK;
}

Result cuStreamCreate(void **stream, unsigned flags) { *stream = (void *)1; return state(); }
Result cuStreamDestroy_v2(void *stream) { return OK; }
Result cuStreamSynchronize(void *stream) { return state(); }
Result cuStreamQuery(void *stream) { return state(); }
Result cuStreamWaitEvent(void *stream, void *event, unsigned flags) { return state(); }
Result cuEventCreate(void **event, unsigned flags) { *event = (void *)1; return state(); }
Result cuEventRecord(void *event, void *stream) { return state(); }
Result cuEventSynchronize(void *event) { return state(); }
Result cuEventQuery(void *event) { return state(); }
Result cuEventDestroy_v2(void *event) { return OK; }
Result cuEventElapsedTime(float *ms, void *from, void *to) { *ms = 1; return state(); }
Result cuEventElapsedTime_v2(float *ms, void *from, void *to) { *ms = 1; return state(); }

Result cuModuleLoadData(void **module, const void *image) { modules++; *module = (void *)1; return state(); }
Result cuModuleLoadDataEx(void **module, const void *image, unsigned n, void *options, void *values) {
  return cuModuleLoadData(module, image);
}
Result cuModuleUnload(void *module) { return OK; }
Result cuModuleGetFunction(void **function, void *module, const char *name) { *function = (void *)1; return OK; }
Result cuFuncSetAttribute(void *function, int attribute, int value) { return state(); }
Result cuFuncGetAttribute(int *value, int attribute, void *function) { *value = 256; return OK; }
Result cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *function, int threads, size_t shared) {
  *blocks = 2;
  return OK;
}
Result cuTensorMapEncodeTiled(void *map) { return OK; }
Result cuTensorMapEncodeIm2col(void *map) { return OK; }
Result cuTensorMapReplaceAddress(void *map, void *address) { return OK; }
Result cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                      unsigned block_y, unsigned block_z, unsigned shared, void *stream, void **arguments,
                      void **extra) {
  return launch();
}
Result cuLaunchKernelEx(const void *config, void *function, void **arguments, void **extra) { return launch(); }
