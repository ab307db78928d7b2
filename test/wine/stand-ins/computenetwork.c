/*
 * Stands in for Windows' computenetwork.dll: the ten functions that the agent calls, over a state that is kept (stand-in.h); and for
 * HNSCall, to which vmcompute.def leads: the version, and endpoints in the first shape.
 */
#include "stand-in.h"

enum kind { NETWORK, ENDPOINT };
static const wchar_t *lists[] = {L"networks", L"endpoints"};

typedef struct {
  enum kind kind;
  wchar_t id[40];
  bool is_open;
} object;

#define NOT_FOUND(kind) (0x803b0001u + (kind))
#define POLICY_NOT_FOUND 0x803b0008u
#define INVALID_POLICY 0x803b000du
#define POLICY_ALREADY_EXISTS 0x803b0012u
#define INVALID_JSON 0x803b001bu

static part find(enum kind kind, const wchar_t *id) {
  part all = state_part(lists[kind]), each;
  const wchar_t *at = all.at + 1;
  while (next(&at, NULL, &each))
    if (is_id(inner(member(each, L"ID")), id)) return each;
  return NOTHING;
}

/* Whether an object is in the state that a query's filter asks for. */
static bool passes(part id, const wchar_t *filter) {
  part wanted = member((part){filter, wcslen(filter)}, L"State");
  if (wanted.at == NULL) return true;
  wchar_t key[40] = {0};
  wcsncpy(key, id.at, id.length);
  part found = member(state_part(L"states"), key);
  return found.at != NULL && wcstol(found.at, NULL, 10) == wcstol(wanted.at, NULL, 10);
}

static HRESULT enumerate(const wchar_t *call, enum kind kind, PCWSTR query, PWSTR *out, PWSTR *record) {
  begin();
  HRESULT result = S_OK;
  *out = NULL, *record = NULL;
  if (is_to_fail(call, L"", record, &result)) return end(call, result, query);
  if (!is_json(query)) return end(call, failure(INVALID_JSON, L"Invalid JSON document string. ", record), query);
  wchar_t *filter = unescaped(member((part){query, wcslen(query)}, L"Filter"));
  growing ids = {0};
  add(&ids, L"[");
  part all = state_part(lists[kind]), each;
  const wchar_t *at = all.at + 1;
  while (next(&at, NULL, &each)) {
    part id = member(each, L"ID");
    if (!passes(inner(id), filter)) continue;
    if (ids.length > 1) add(&ids, L",");
    add_part(&ids, id);
  }
  add(&ids, L"]");
  give(out, ids.at);
  free(filter), free(ids.at);
  return end(call, result, query);
}

static HRESULT open(const wchar_t *call, enum kind kind, const GUID *guid, object **out, PWSTR *record) {
  begin();
  wchar_t braced[40], text[64];
  StringFromGUID2(guid, braced, 40);
  wcsncpy(text, braced + 1, 36), text[36] = 0;
  HRESULT result = S_OK;
  *out = NULL, *record = NULL;
  if (is_to_fail(call, text, record, &result)) return end(call, result, text);
  if (find(kind, text).at == NULL) {
    swprintf(braced, 40, L"The %ls was not found. ", kind == NETWORK ? L"network" : L"endpoint");
    return end(call, failure(NOT_FOUND(kind), braced, record), text);
  }
  *out = calloc(1, sizeof(object));
  **out = (object){.kind = kind, .is_open = true};
  wcscpy((*out)->id, text);
  note(L"opened", NULL);
  return end(call, result, text);
}

/* A handle that was closed, or is one of the other kind, is no handle. */
static bool is_handle(object *handle, enum kind kind) { return handle != NULL && handle->is_open && handle->kind == kind; }

static HRESULT query(const wchar_t *call, enum kind kind, object *handle, PCWSTR asked, PWSTR *out, PWSTR *record) {
  begin();
  HRESULT result = S_OK;
  *out = NULL, *record = NULL;
  if (!is_handle(handle, kind)) return end(call, E_INVALIDARG, asked);
  if (is_to_fail(call, handle->id, record, &result)) return end(call, result, asked);
  part found = find(kind, handle->id);
  growing text = {0};
  add_part(&text, found);
  give(out, text.at);
  free(text.at);
  return end(call, result, asked);
}

static HRESULT close(const wchar_t *call, enum kind kind, object *handle) {
  begin();
  if (!is_handle(handle, kind)) return end(call, E_INVALIDARG, NULL);
  handle->is_open = false;
  note(L"closed", NULL);
  return end(call, S_OK, handle->id);
}

static part set_id(part policy) { return inner(member(member(policy, L"Settings"), L"Id")); }

static bool has_id(part policies, part id) {
  part each;
  if (policies.at == NULL) return false;
  const wchar_t *at = policies.at + 1;
  while (next(&at, NULL, &each)) {
    part other = set_id(each);
    if (other.at != NULL && other.length == id.length && _wcsnicmp(other.at, id.at, id.length) == 0) return true;
  }
  return false;
}

static void add_all(growing *list, part policies, part but) {
  part each;
  if (policies.at == NULL) return;
  const wchar_t *at = policies.at + 1;
  while (next(&at, NULL, &each)) {
    part id = set_id(each);
    if (but.at != NULL && id.at != NULL && has_id(but, id)) continue;
    if (list->length > 1) add(list, L",");
    add_part(list, each);
  }
}

/* What is wrong with a request before anything is changed: 0 when nothing is. */
static unsigned fault(enum kind kind, part request, part type, part now, part more, const wchar_t **text) {
  part name, value;
  const wchar_t *at = request.at + 1;
  *text = L"Invalid JSON document string. {{Request,UnknownField}}";
  while (next(&at, &name, &value))
    if (!is(name, L"ResourceType") && !is(name, L"RequestType") && !is(name, L"Settings")) return INVALID_JSON;
  if (!is(inner(member(request, L"ResourceType")), L"Policy")) return INVALID_JSON;
  if (more.at == NULL) return 0;
  at = more.at + 1;
  while (next(&at, NULL, &value)) {
    *text = L"The provided policy configuration is invalid or missing parameters. ";
    part settings = member(value, L"Settings");
    if (is(inner(member(value, L"Type")), L"ACL") && member(settings, L"Action").at == NULL) return INVALID_POLICY;
    if (kind == ENDPOINT) continue;
    *text = L"The policy is there already. ";
    if (is(type, L"Add") && has_id(now, set_id(value))) return POLICY_ALREADY_EXISTS;
    *text = L"The policy was not found. ";
    if (!is(type, L"Add") && !has_id(now, set_id(value))) return POLICY_NOT_FOUND;
  }
  return 0;
}

static HRESULT modify(const wchar_t *call, enum kind kind, object *handle, PCWSTR request, PWSTR *record) {
  begin();
  HRESULT result = S_OK;
  *record = NULL;
  if (!is_handle(handle, kind)) return end(call, E_INVALIDARG, request);
  if (is_to_fail(call, handle->id, record, &result)) return end(call, result, request);
  if (!is_json(request)) return end(call, failure(INVALID_JSON, L"Invalid JSON document string. ", record), request);
  part whole = {request, wcslen(request)};
  part type = inner(member(whole, L"RequestType")), more = member(member(whole, L"Settings"), L"Policies");
  part now = member(find(kind, handle->id), L"Policies");
  const wchar_t *text;
  unsigned code = fault(kind, whole, type, now, more, &text);
  if (code != 0) return end(call, failure(code, text, record), request);
  // The agent has no use for it: it gives whole lists.
  if (is(type, L"Remove") && kind == ENDPOINT) return end(call, E_NOTIMPL, request);
  growing list = {0};
  add(&list, L"[");
  // Of an endpoint, an update gives all policies that it is to have; of a network, those that change.
  if (is(type, L"Add") || kind == NETWORK) add_all(&list, now, is(type, L"Add") ? NOTHING : more);
  if (!is(type, L"Remove")) add_all(&list, more, NOTHING);
  add(&list, L"]");
  replace_state(now, list.at);
  free(list.at);
  hang(call, handle->id);
  return end(call, result, request);
}

#define EXPORT __declspec(dllexport) HRESULT WINAPI
#define FUNCTIONS(Kind, KIND, Plural)                                                                               \
  EXPORT HcnEnumerate##Plural(PCWSTR asked, PWSTR *out, PWSTR *record) {                                            \
    return enumerate(L"HcnEnumerate" L## #Plural, KIND, asked, out, record);                                        \
  }                                                                                                                 \
  EXPORT HcnOpen##Kind(const GUID *id, void **handle, PWSTR *record) {                                              \
    return open(L"HcnOpen" L## #Kind, KIND, id, (object **)handle, record);                                         \
  }                                                                                                                 \
  EXPORT HcnQuery##Kind##Properties(void *handle, PCWSTR asked, PWSTR *out, PWSTR *record) {                        \
    return query(L"HcnQuery" L## #Kind L"Properties", KIND, handle, asked, out, record);                            \
  }                                                                                                                 \
  EXPORT HcnModify##Kind(void *handle, PCWSTR request, PWSTR *record) {                                             \
    return modify(L"HcnModify" L## #Kind, KIND, handle, request, record);                                           \
  }                                                                                                                 \
  EXPORT HcnClose##Kind(void *handle) { return close(L"HcnClose" L## #Kind, KIND, handle); }

FUNCTIONS(Network, NETWORK, Networks)
FUNCTIONS(Endpoint, ENDPOINT, Endpoints)

EXPORT HNSCall(PCWSTR method, PCWSTR path, PCWSTR request, PWSTR *response) {
  begin();
  HRESULT result = S_OK;
  *response = NULL;
  if (is_to_fail(L"HNSCall", path, response, &result)) return end(L"HNSCall", result, path);
  part found = wcscmp(method, L"GET") != 0                ? NOTHING
               : wcscmp(path, L"/globals/version") == 0   ? state_part(L"version")
               : wcsncmp(path, L"/endpoints/", 11) == 0 && path[11] == 0 ? state_part(L"v1Endpoints")
                                                          : NOTHING;
  growing answer = {0};
  if (found.at == NULL) add(&answer, L"{\"Success\":false,\"Error\":\"Element not found. \"}");
  else add(&answer, L"{\"Success\":true,\"Output\":"), add_part(&answer, found), add(&answer, L"}");
  give(response, answer.at);
  free(answer.at);
  return end(L"HNSCall", result, path);
}
