/*
 * What the stand-ins share. The folder that STAND_IN_FOLDER names holds
 *   state.json   {"networks": […], "endpoints": […], "states": {GUID: 3}, "version": {…}, "v1Endpoints": […],
 *                 "failures": [{"call": "HcnOpenEndpoint", "id": GUID, "code": 2151350274, "error": "text"}]}
 *                `id` and `error` may be absent; what is modified is written back. With "hangs": true in place of `code` the call does what
 *                it is to do, and never ends
 *   log.txt      one line for each call, for each string given away and freed, for each handle opened and closed
 */
#pragma once
#define COBJMACROS
#include "json.h"
#include <objbase.h>
#include <stdio.h>
#include <windows.h>

static CRITICAL_SECTION one_at_a_time;
static wchar_t *state;

static void file_name(wchar_t *path, const wchar_t *name) {
  DWORD length = GetEnvironmentVariableW(L"STAND_IN_FOLDER", path, MAX_PATH);
  path[length] = L'\\';
  wcscpy(path + length + 1, name);
}

static void write_utf8(const wchar_t *name, const wchar_t *text, DWORD disposition) {
  wchar_t path[2 * MAX_PATH];
  file_name(path, name);
  int bytes = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *utf8 = malloc(bytes);
  WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, bytes, NULL, NULL);
  HANDLE file = CreateFileW(path, disposition == OPEN_ALWAYS ? FILE_APPEND_DATA : GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                            NULL, disposition, 0, NULL);
  DWORD written;
  WriteFile(file, utf8, bytes - 1, &written, NULL);
  CloseHandle(file);
  free(utf8);
}

/* One line, of words with blanks between them. */
static void note(const wchar_t *what, const wchar_t *more) {
  growing line = {0};
  add(&line, what);
  if (more != NULL) add(&line, L" "), add(&line, more);
  add(&line, L"\n");
  write_utf8(L"log.txt", line.at, OPEN_ALWAYS);
  free(line.at);
}

static void read_state(void) {
  if (state != NULL) return;
  wchar_t path[2 * MAX_PATH];
  file_name(path, L"state.json");
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  DWORD bytes = GetFileSize(file, NULL), read;
  char *utf8 = malloc(bytes);
  ReadFile(file, utf8, bytes, &read, NULL);
  CloseHandle(file);
  state = calloc(bytes + 1, sizeof(wchar_t));
  MultiByteToWideChar(CP_UTF8, 0, utf8, read, state, bytes);
  free(utf8);
}

static part state_part(const wchar_t *name) {
  read_state();
  return member((part){state, wcslen(state)}, name);
}

/* Puts a text in the place of a part of the state, here and in the file. */
static void replace_state(part old, const wchar_t *with) {
  growing changed = {0};
  add_part(&changed, (part){state, old.at - state});
  add(&changed, with);
  add(&changed, old.at + old.length);
  free(state);
  state = changed.at;
  write_utf8(L"state.json", state, CREATE_ALWAYS);
}

/* Strings given away, to know which of those that are freed were ours. */
static void **given;
static size_t given_count;

static void give(PWSTR *out, const wchar_t *text) {
  if (out == NULL) return;
  size_t bytes = (wcslen(text) + 1) * sizeof(wchar_t);
  *out = CoTaskMemAlloc(bytes);
  memcpy(*out, text, bytes);
  given = realloc(given, (given_count + 1) * sizeof(void *));
  given[given_count++] = *out;
  note(L"given", NULL);
}

/* Sees every release of COM's memory, and overwrites our strings then: who reads one afterwards reads rubbish. */
static HRESULT STDMETHODCALLTYPE spy_query(IMallocSpy *self, REFIID id, void **out) {
  if (!IsEqualIID(id, &IID_IMallocSpy) && !IsEqualIID(id, &IID_IUnknown)) return E_NOINTERFACE;
  *out = self;
  return S_OK;
}
static ULONG STDMETHODCALLTYPE spy_count(IMallocSpy *self) { return 1; }
static SIZE_T STDMETHODCALLTYPE spy_size(IMallocSpy *self, SIZE_T bytes) { return bytes; }
static void *STDMETHODCALLTYPE spy_same(IMallocSpy *self, void *memory) { return memory; }
static void *STDMETHODCALLTYPE spy_mine(IMallocSpy *self, void *memory, BOOL is_spied) { return memory; }
static void STDMETHODCALLTYPE spy_freed(IMallocSpy *self, BOOL is_spied) {}
static SIZE_T STDMETHODCALLTYPE spy_pre_realloc(IMallocSpy *self, void *memory, SIZE_T bytes, void **now, BOOL is_spied) {
  *now = memory;
  return bytes;
}
static SIZE_T STDMETHODCALLTYPE spy_post_size(IMallocSpy *self, SIZE_T bytes, BOOL is_spied) { return bytes; }
static int STDMETHODCALLTYPE spy_post_did(IMallocSpy *self, void *memory, BOOL is_spied, int did) { return did; }
static void STDMETHODCALLTYPE spy_minimize(IMallocSpy *self) {}
static void *STDMETHODCALLTYPE spy_pre_free(IMallocSpy *self, void *memory, BOOL is_spied) {
  EnterCriticalSection(&one_at_a_time);
  for (size_t i = 0; i < given_count; i++)
    if (given[i] == memory) {
      given[i] = given[--given_count];
      for (wchar_t *at = memory; *at != 0; at++) *at = L'#';
      note(L"freed", NULL);
      break;
    }
  LeaveCriticalSection(&one_at_a_time);
  return memory;
}
static IMallocSpyVtbl spy_table = {
    spy_query,       spy_count,     spy_count, spy_size,      spy_same,     spy_pre_free, spy_freed,    spy_pre_realloc,
    spy_mine,        spy_mine,      spy_post_size, spy_mine,  spy_post_did, spy_minimize, spy_minimize,
};
static IMallocSpy spy = {&spy_table};

BOOL WINAPI DllMain(HINSTANCE library, DWORD reason, void *reserved) {
  if (reason == DLL_PROCESS_ATTACH) InitializeCriticalSection(&one_at_a_time);
  return TRUE;
}

/* Begins a call: waits for others, and looks whether it is to fail. */
static void begin(void) {
  static bool is_spying;
  EnterCriticalSection(&one_at_a_time);
  if (!is_spying) CoRegisterMallocSpy(&spy);
  is_spying = true;
  read_state();
}

/* Ends a call, and notes it. */
static HRESULT end(const wchar_t *call, HRESULT result, const wchar_t *request) {
  wchar_t code[16];
  swprintf(code, 16, L"0x%08x", (unsigned)result);
  growing line = {0};
  add(&line, call), add(&line, L" "), add(&line, code);
  note(line.at, request);
  free(line.at);
  LeaveCriticalSection(&one_at_a_time);
  return result;
}

/* What HNS gives with a failure. */
static HRESULT failure(unsigned code, const wchar_t *text, PWSTR *record) {
  growing json = {0};
  wchar_t number[16];
  swprintf(number, 16, L"%u", code);
  add(&json, L"{\"Success\":false,\"Error\":\""), add(&json, text);
  add(&json, L"\",\"ErrorCode\":"), add(&json, number), add(&json, L"}");
  give(record, json.at);
  free(json.at);
  return (HRESULT)code;
}

/* What the state says of a call, with a member that tells one sort of failure from the other. */
static part failure_of(const wchar_t *call, const wchar_t *id, const wchar_t *sort) {
  part failures = state_part(L"failures"), each;
  if (failures.at == NULL) return NOTHING;
  const wchar_t *at = failures.at + 1;
  while (next(&at, NULL, &each)) {
    part wanted = inner(member(each, L"id"));
    bool is_meant = is(inner(member(each, L"call")), call) && (wanted.at == NULL || is_id(wanted, id));
    if (is_meant && member(each, sort).at != NULL) return each;
  }
  return NOTHING;
}

/* Holds a call for ever that is to hang. */
static void hang(const wchar_t *call, const wchar_t *id) {
  if (failure_of(call, id, L"hangs").at == NULL) return;
  note(L"hangs", call);
  Sleep(INFINITE);
}

/* Whether a call is to fail, and how. */
static bool is_to_fail(const wchar_t *call, const wchar_t *id, PWSTR *record, HRESULT *result) {
  part each = failure_of(call, id, L"code");
  if (each.at == NULL) return false;
  unsigned code = wcstoul(member(each, L"code").at, NULL, 10);
  part text = inner(member(each, L"error"));
  *result = (HRESULT)code;
  if (text.at == NULL) return true;
  growing copy = {0};
  add_part(&copy, text);
  failure(code, copy.at, record);
  free(copy.at);
  return true;
}
