/*
 * A host that is not JavaScript: it reads one HTTP/1.1 request from standard input and prints what the parser found.
 * All it knows of the parser is docs/abi.md. With wasm2c (Debian's package wabt) it is built by
 *
 *   wasm2c -n parser parser.scalar.wasm -o parser.c
 *   cc -O2 host.c parser.c wasm-rt-impl.c -o host
 *
 * and used by `./host < request`. It exits with 0 where the request is right and complete, with 1 where it is wrong,
 * and with 2 where more is needed.
 */
#include <stdio.h>
#include <string.h>

#include "parser.h"

/* Linear memory. */
enum { RECORD = 0x0000, IDS = 0x0100, FIELDS = 0x0200, SPANS = 0x0a00, LIMITS = 0x1800, WINDOW = 0x10000, WINDOW_SIZE = 0x10000 };

/* Entries of the record. */
enum { METHOD = 4, TARGET = 12, MINOR_VERSION = 48, FRAMING = 56, CONTENT_LENGTH = 60, FIELD_COUNT = 68, ERROR_OFFSET = 72 };
enum { CHUNK_STATE = 88, CHUNK_REMAINING = 92, SPAN_COUNT = 96 };

/* Values. */
enum { ABI_VERSION = 2, FRAMING_LENGTH = 1, FRAMING_CHUNKED = 2 };
enum { CHUNK_START = 524288, CHUNK_PHASE = 31, PHASE_TRAILERS = 30, PHASE_DONE = 31 };

static Z_parser_instance_t parser;
static const u8 *memory;

/* Numbers in linear memory are little-endian, whatever this machine is. */
static u32 read16(u32 at) { return memory[at] | (u32)memory[at + 1] << 8; }
static u32 read32(u32 at) { return read16(at) | read16(at + 2) << 16; }

static void write32(u32 at, u32 value) {
  u8 *bytes = Z_parserZ_memory(&parser)->data + at;
  for (int i = 0; i < 4; ++i) bytes[i] = (u8)(value >> 8 * i);
}

/* A span of the record: an offset, and a length after it. */
static void print_span(const char *name, u32 entry) {
  printf("%s %.*s\n", name, (int)read32(RECORD + entry + 4), (const char *)memory + WINDOW + read32(RECORD + entry));
}

/* The fields of a head or a trailer section whose offsets count from `start`. */
static void print_fields(const char *name, u32 start) {
  for (u32 i = 0, row = FIELDS; i < read32(RECORD + FIELD_COUNT); ++i, row += 8) {
    const char *text = (const char *)memory + start;
    printf("%s %.*s: %.*s (%d)\n", name, (int)read16(row + 2), text + read16(row), (int)read16(row + 6),
           text + read16(row + 4), memory[IDS + i]);
  }
}

static int fail(s32 outcome) {
  printf("error %d at byte %u\n", -outcome, read32(RECORD + ERROR_OFFSET));
  return 1;
}

static int need_more(void) {
  puts("more is needed");
  return 2;
}

static void print_content(u32 at, u32 length) {
  printf("content ");
  fwrite(memory + at, 1, length, stdout);
  putchar('\n');
}

/* Decodes the chunked body at [at, end). */
static int read_chunked(u32 at, u32 end) {
  u32 state = CHUNK_START, remaining = 0;
  while (at < end) {
    s32 consumed = (s32)Z_parserZ_decodeChunked(&parser, at, end, state, remaining);
    if (consumed < 0) return fail(consumed);
    for (u32 i = 0, row = SPANS; i < read32(RECORD + SPAN_COUNT); ++i, row += 8) {
      print_content(at + read32(row), read32(row + 4));
    }
    at += consumed;
    state = read32(RECORD + CHUNK_STATE);
    remaining = read32(RECORD + CHUNK_REMAINING);
    if ((state & CHUNK_PHASE) == PHASE_DONE) return 0;
    if ((state & CHUNK_PHASE) == PHASE_TRAILERS) {
      s32 outcome = (s32)Z_parserZ_parseTrailers(&parser, at, end);
      if (outcome < 0) return fail(outcome);
      if (outcome == 0) return need_more();
      print_fields("trailer", at);
      return 0;
    }
  }
  return need_more();
}

int main(void) {
  wasm_rt_init();
  Z_parser_init_module();
  Z_parser_instantiate(&parser);
  memory = Z_parserZ_memory(&parser)->data;
  if (*Z_parserZ_abiVersion(&parser) != ABI_VERSION) return fputs("this is another version of the parser\n", stderr), 3;

  /* The limits are the host's to set: bytes of a head, bytes of a target, number of fields. */
  write32(LIMITS, 16384);
  write32(LIMITS + 4, 8192);
  write32(LIMITS + 8, 100);

  u32 end = WINDOW + (u32)fread(Z_parserZ_memory(&parser)->data + WINDOW, 1, WINDOW_SIZE, stdin);
  s32 size = (s32)Z_parserZ_parseRequest(&parser, WINDOW, end);
  if (size < 0) return fail(size);
  if (size == 0) return need_more();

  print_span("method", METHOD);
  print_span("target", TARGET);
  printf("version 1.%u\n", read32(RECORD + MINOR_VERSION));
  print_fields("field", WINDOW);

  u32 framing = read32(RECORD + FRAMING);
  u32 content = WINDOW + (u32)size;
  if (framing == FRAMING_CHUNKED) return read_chunked(content, end);
  if (framing != FRAMING_LENGTH) return 0;
  u32 length = read32(RECORD + CONTENT_LENGTH);
  if (read32(RECORD + CONTENT_LENGTH + 4) || length > end - content) return need_more();
  print_content(content, length);
  return 0;
}
