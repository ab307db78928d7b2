/*
 * Stands in for icacls.exe. Adds its parameters as a line to icacls.txt in the folder of stand-ins (stand-in.h), and ends with the code in
 * icacls.code, if there is one: all is well without.
 */
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

static FILE *file(const wchar_t *name, const wchar_t *mode) {
  wchar_t path[2 * MAX_PATH];
  DWORD length = GetEnvironmentVariableW(L"STAND_IN_FOLDER", path, MAX_PATH);
  swprintf(path + length, MAX_PATH, L"\\%ls", name);
  return _wfopen(path, mode);
}

int wmain(int count, wchar_t **words) {
  FILE *lines = file(L"icacls.txt", L"ab");
  for (int i = 1; i < count; i++) fprintf(lines, "%ls%c", words[i], i + 1 < count ? '|' : '\n');
  fclose(lines);
  int code = 0;
  FILE *ending = file(L"icacls.code", L"rb");
  if (ending != NULL) fscanf(ending, "%d", &code);
  if (code != 0) fprintf(stderr, "Zugriff verweigert\n");
  return code;
}
