/* Reads JSON where it stands, without a tree: what a document holds besides keeps its bytes. Texts end with a zero. */
#pragma once
#include <stdbool.h>
#include <stdlib.h>
#include <wchar.h>

/* A part of a text. `at` is NULL for a part that is not there. */
typedef struct {
  const wchar_t *at;
  size_t length;
} part;

static const part NOTHING = {NULL, 0};

static const wchar_t *skip_blanks(const wchar_t *at) {
  while (*at == L' ' || *at == L'\t' || *at == L'\r' || *at == L'\n') at++;
  return at;
}

static const wchar_t *skip_string(const wchar_t *at) {
  if (*at != L'"') return NULL;
  for (at++; *at != L'"'; at++) {
    if (*at == L'\\') at++;
    if (*at == 0 || *at < L' ') return NULL;
  }
  return at + 1;
}

static const wchar_t *skip_value(const wchar_t *at);

/* The rest of an array or object whose first sign was read. */
static const wchar_t *skip_members(const wchar_t *at, wchar_t end) {
  at = skip_blanks(at);
  if (*at == end) return at + 1;
  for (;;) {
    if (end == L'}') {
      at = skip_string(skip_blanks(at));
      if (at == NULL) return NULL;
      at = skip_blanks(at);
      if (*at++ != L':') return NULL;
    }
    at = skip_value(at);
    if (at == NULL) return NULL;
    at = skip_blanks(at);
    if (*at == end) return at + 1;
    if (*at++ != L',') return NULL;
  }
}

/* What stands behind a value, or NULL when there is none. */
static const wchar_t *skip_value(const wchar_t *at) {
  at = skip_blanks(at);
  if (*at == L'"') return skip_string(at);
  if (*at == L'{') return skip_members(at + 1, L'}');
  if (*at == L'[') return skip_members(at + 1, L']');
  static const wchar_t *words[] = {L"true", L"false", L"null"};
  for (int i = 0; i < 3; i++)
    if (wcsncmp(at, words[i], wcslen(words[i])) == 0) return at + wcslen(words[i]);
  const wchar_t *end = at + wcsspn(at, L"-+.eE0123456789");
  return end == at ? NULL : end;
}

static bool is_json(const wchar_t *text) {
  const wchar_t *end = skip_value(text);
  return end != NULL && *skip_blanks(end) == 0;
}

/* The next element of an array, or member of an object with its name; `at` goes on. Start behind the first sign. */
static bool next(const wchar_t **at, part *name, part *value) {
  const wchar_t *p = skip_blanks(*at);
  if (*p == L',') p = skip_blanks(p + 1);
  if (*p == L']' || *p == L'}' || *p == 0) return false;
  if (name != NULL) {
    name->at = p + 1;
    const wchar_t *end = skip_string(p);
    name->length = end - p - 2;
    p = skip_blanks(skip_blanks(end) + 1);
  }
  value->at = p;
  *at = skip_value(p);
  value->length = *at - p;
  return true;
}

static bool is(part text, const wchar_t *word) {
  return text.at != NULL && text.length == wcslen(word) && wcsncmp(text.at, word, text.length) == 0;
}

/* Whether a text is an id, in whichever case. */
static bool is_id(part text, const wchar_t *id) {
  return text.at != NULL && text.length == wcslen(id) && _wcsnicmp(text.at, id, text.length) == 0;
}

static part member(part object, const wchar_t *wanted) {
  if (object.at == NULL || *object.at != L'{') return NOTHING;
  const wchar_t *at = object.at + 1;
  part name, value;
  while (next(&at, &name, &value))
    if (is(name, wanted)) return value;
  return NOTHING;
}

/* A string without its quotes; none of ours has escapes, but a filter, which is JSON in a string. */
static part inner(part string) {
  if (string.at == NULL || *string.at != L'"') return NOTHING;
  return (part){string.at + 1, string.length - 2};
}

static wchar_t *unescaped(part string) {
  part text = inner(string);
  wchar_t *copy = calloc(text.length + 1, sizeof(wchar_t));
  wchar_t *to = copy;
  for (size_t i = 0; i < text.length; i++) *to++ = text.at[i] == L'\\' ? text.at[++i] : text.at[i];
  return copy;
}

/* A text that grows. */
typedef struct {
  wchar_t *at;
  size_t length, room;
} growing;

static void add_part(growing *text, part more) {
  if (text->length + more.length + 1 > text->room) {
    text->room = (text->length + more.length + 1) * 2;
    text->at = realloc(text->at, text->room * sizeof(wchar_t));
  }
  if (more.length > 0) memcpy(text->at + text->length, more.at, more.length * sizeof(wchar_t));
  text->length += more.length;
  text->at[text->length] = 0;
}

static void add(growing *text, const wchar_t *more) { add_part(text, (part){more, wcslen(more)}); }
