; The installer for one person: without an administrator, and with nothing outside
; of the person's own folders and registry. build/windows/build calls it.
;
; heliograph-ARCH-setup.exe [/S] [/AUTOSTART=0] [/D=FOLDER]
;   /S            ask nothing; start at sign-in unless /AUTOSTART=0
; uninstall.exe [/S] [/TOKENS]
;   /S            ask nothing; the sign-in stays in the Credential Manager
;   /TOKENS       sign out first
Target amd64-unicode ; the default is a 32-bit program, which Wine here cannot run
Unicode true
SetCompressor /SOLID lzma
SetCompressorDictSize 32 ; both programs in one window: they are nearly the same
RequestExecutionLevel user
ManifestDPIAware true
Name "heliograph"
OutFile "${FROM}/heliograph-${ARCH}-setup.exe"
InstallDir "$LOCALAPPDATA\Programs\heliograph"
Icon "${ICON}"
UninstallIcon "${ICON}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "heliograph"
VIAddVersionKey FileDescription "heliograph installer"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey LegalCopyright "MIT licence"
!ifdef SIGN
!uninstfinalize '"${SIGN}" "%1"'
!endif

!include LogicLib.nsh
!include FileFunc.nsh

!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\heliograph"

Page components
Page directory
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

; Stop ends a running heliograph: it asks it to quit, which clears presence, and
; kills what does not end: both programs, since a command in a shell is the
; second. A program that runs cannot be replaced.
!macro Stop un
Function ${un}Stop
  IfFileExists "$INSTDIR\heliograph.com" 0 done
  nsExec::Exec '"$INSTDIR\heliograph.com" quit'
  Pop $0
  StrCpy $3 "$INSTDIR\heliograph.exe"
  StrCpy $4 "heliograph.exe"
  Call ${un}Await
  StrCpy $3 "$INSTDIR\heliograph.com"
  StrCpy $4 "heliograph.com"
  Call ${un}Await
  done:
FunctionEnd

; Await waits until the file $3 can be written, which no running program can, and
; kills the programs called $4 after ten seconds.
Function ${un}Await
  StrCpy $1 0
  again:
    IfFileExists $3 0 free
    ClearErrors
    FileOpen $2 $3 a
    IfErrors busy
    FileClose $2
    Goto free
  busy:
    IntOp $1 $1 + 1
    ${If} $1 == 50 ; ten seconds
      nsExec::Exec 'taskkill /F /IM $4'
      Pop $0
    ${EndIf}
    ${If} $1 > 75
      MessageBox MB_ICONSTOP "heliograph is still running. Quit it, then try again." /SD IDOK
      SetErrorLevel 3
      Quit
    ${EndIf}
    Sleep 200
    Goto again
  free:
FunctionEnd
!macroend
!insertmacro Stop ""
!insertmacro Stop "un."

Section "heliograph" SecMain
  SectionIn RO
  Call Stop
  SetOutPath "$INSTDIR"
  File "/oname=heliograph.exe" "${FROM}/heliograph-${ARCH}.exe"
  File "/oname=heliograph.com" "${FROM}/heliograph-${ARCH}.com"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\heliograph.lnk" "$INSTDIR\heliograph.exe" "run"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "heliograph"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\heliograph.exe"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "heliograph"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" $0
SectionEnd

Section "Start at sign-in" SecStart
  WriteRegStr HKCU "${RUN}" "heliograph" '"$INSTDIR\heliograph.exe" run'
  DeleteRegValue HKCU "${APPROVED}" "heliograph"
SectionEnd

Function .onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/AUTOSTART=" $1
  ${IfNot} ${Errors}
  ${AndIf} $1 == "0"
    !insertmacro UnselectSection ${SecStart}
  ${EndIf}
FunctionEnd

; Without the option an update removes the entry.
Section "-StartOff"
  ${IfNot} ${SectionIsSelected} ${SecStart}
    DeleteRegValue HKCU "${RUN}" "heliograph"
  ${EndIf}
SectionEnd

Section "Uninstall"
  Call un.Stop
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/TOKENS" $1
  ${If} ${Errors}
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "Sign out too, and remove heliograph's entries from the Credential Manager?" /SD IDNO IDNO keep
  ${EndIf}
  nsExec::Exec '"$INSTDIR\heliograph.com" logout'
  Pop $0
  keep:
  DeleteRegValue HKCU "${RUN}" "heliograph"
  DeleteRegValue HKCU "${APPROVED}" "heliograph"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "Software\Classes\AppUserModelId\heliograph"
  Delete "$LOCALAPPDATA\heliograph\heliograph.png"
  Delete "$SMPROGRAMS\heliograph.lnk"
  Delete "$INSTDIR\heliograph.exe"
  Delete "$INSTDIR\heliograph.com"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  IfFileExists "$INSTDIR\heliograph.exe" left
  IfFileExists "$INSTDIR\heliograph.com" 0 +2
  left:
    SetErrorLevel 3
SectionEnd
