/*
 * Stands in for powershell.exe. Prints what the folder of stand-ins (stand-in.h) holds: powershell-networks.out for a script that asks
 * for networks, else powershell-endpoints.out, byte for byte; the code it ends with is the number in powershell.code, if there is one.
 * The script, which comes as base64 of UTF-16, is kept in powershell.ps1.
 */
#include <fcntl.h>
#include <io.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>
#include <wincrypt.h>

static FILE *file(const wchar_t *name, const wchar_t *mode) {
  wchar_t path[2 * MAX_PATH];
  DWORD length = GetEnvironmentVariableW(L"STAND_IN_FOLDER", path, MAX_PATH);
  swprintf(path + length, MAX_PATH, L"\\%ls", name);
  return _wfopen(path, mode);
}

/* The first parameter behind another, in any case, as PowerShell takes them. */
static const wchar_t *behind(int count, wchar_t **words, const wchar_t *name) {
  for (int i = 1; i + 1 < count; i++)
    if (_wcsicmp(words[i], name) == 0) return words[i + 1];
  return NULL;
}

int wmain(int count, wchar_t **words) {
  const wchar_t *base64 = behind(count, words, L"-EncodedCommand");
  if (base64 == NULL) return 64;
  static wchar_t script[1 << 16];
  DWORD bytes = sizeof(script) - sizeof(wchar_t);
  if (!CryptStringToBinaryW(base64, 0, CRYPT_STRING_BASE64, (BYTE *)script, &bytes, NULL, NULL)) return 65;
  FILE *kept = file(L"powershell.ps1", L"wb");
  for (wchar_t *at = script; *at != 0; at++) fputc((char)*at, kept);
  fclose(kept);

  FILE *output = file(wcsstr(script, L"Get-HnsNetwork") != NULL ? L"powershell-networks.out" : L"powershell-endpoints.out", L"rb");
  _setmode(_fileno(stdout), _O_BINARY);
  if (output != NULL)
    for (int c; (c = fgetc(output)) != EOF;) putchar(c);
  int code = 0;
  FILE *ending = file(L"powershell.code", L"rb");
  if (ending != NULL) fscanf(ending, "%d", &code);
  return code;
}
