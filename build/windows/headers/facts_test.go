//go:build !windows

package headers

// facts has the name in the headers of each constant and each GUID of ours.
// Interface::Method is the place of a method in the table of its interface. A
// name may be an expression of C; (LONG) extends the sign, as Go's ^0 does.
var facts = map[string]string{
	"detect/lastinput.add.inputSink": "RIDEV_INPUTSINK",
	"detect/lastinput.digitizerPage": "HID_USAGE_PAGE_DIGITIZER",
	"detect/lastinput.genericPage":   "HID_USAGE_PAGE_GENERIC",
	"detect/lastinput.keyboard":      "HID_USAGE_GENERIC_KEYBOARD",
	"detect/lastinput.mouse":         "HID_USAGE_GENERIC_MOUSE",
	"detect/lastinput.pen":           "HID_USAGE_DIGITIZER_PEN",
	"detect/lastinput.remove.remove": "RIDEV_REMOVE",
	"detect/lastinput.touchPad":      "HID_USAGE_DIGITIZER_TOUCH_PAD",
	"detect/lastinput.touchScreen":   "HID_USAGE_DIGITIZER_TOUCH_SCREEN",

	"detect/winproc.family4":         "AF_INET",
	"detect/winproc.family6":         "AF_INET6",
	"detect/winproc.owner4":          "offsetof(MIB_UDPROW_OWNER_PID, dwOwningPid)",
	"detect/winproc.owner6":          "offsetof(MIB_UDP6ROW_OWNER_PID, dwOwningPid)",
	"detect/winproc.owners.firstRow": "offsetof(MIB_UDP6TABLE_OWNER_PID, table)",
	"detect/winproc.read.ownerPID":   "UDP_TABLE_OWNER_PID",
	"detect/winproc.row4":            "sizeof(MIB_UDPROW_OWNER_PID)",
	"detect/winproc.row6":            "sizeof(MIB_UDP6ROW_OWNER_PID)",

	"detect/wasapi.resultBadPointer":  "(ULONG)E_POINTER",
	"detect/wasapi.resultNoInterface": "(ULONG)E_NOINTERFACE",
	"detect/wasapi.resultOK":          "S_OK",
	"detect/wasapi.run.alreadyJoined": "S_FALSE",

	"detect/wasapi.clsctxAll":       "CLSCTX_ALL",
	"detect/wasapi.deviceActive":    "DEVICE_STATE_ACTIVE",
	"detect/wasapi.flowCapture":     "eCapture",
	"detect/wasapi.flowRender":      "eRender",
	"detect/wasapi.sessionActive":   "AudioSessionStateActive",
	"detect/wasapi.sessionExpired":  "AudioSessionStateExpired",
	"detect/wasapi.storageRead":     "STGM_READ",
	"detect/wasapi.variantText":     "VT_LPWSTR",
	"detect/wasapi.keyFriendlyName": "PKEY_Device_FriendlyName",

	"detect/wasapi.clsidDeviceEnumerator":  "CLSID_MMDeviceEnumerator",
	"detect/wasapi.iidDeviceEnumerator":    "IID_IMMDeviceEnumerator",
	"detect/wasapi.iidNotificationClient":  "IID_IMMNotificationClient",
	"detect/wasapi.iidSessionControl":      "IID_IAudioSessionControl2",
	"detect/wasapi.iidSessionEvents":       "IID_IAudioSessionEvents",
	"detect/wasapi.iidSessionManager":      "IID_IAudioSessionManager2",
	"detect/wasapi.iidSessionNotification": "IID_IAudioSessionNotification",
	"detect/wasapi.iidUnknown":             "IID_IUnknown",

	"detect/wasapi.addRef":         "IUnknown::AddRef",
	"detect/wasapi.queryInterface": "IUnknown::QueryInterface",
	"detect/wasapi.release":        "IUnknown::Release",

	"detect/wasapi.enumAudioEndpoints":  "IMMDeviceEnumerator::EnumAudioEndpoints",
	"detect/wasapi.registerEndpoints":   "IMMDeviceEnumerator::RegisterEndpointNotificationCallback",
	"detect/wasapi.unregisterEndpoints": "IMMDeviceEnumerator::UnregisterEndpointNotificationCallback",

	"detect/wasapi.collectionGetCount": "IMMDeviceCollection::GetCount",
	"detect/wasapi.collectionItem":     "IMMDeviceCollection::Item",

	"detect/wasapi.deviceActivate":    "IMMDevice::Activate",
	"detect/wasapi.deviceGetID":       "IMMDevice::GetId",
	"detect/wasapi.openPropertyStore": "IMMDevice::OpenPropertyStore",
	"detect/wasapi.propertyGetValue":  "IPropertyStore::GetValue",

	"detect/wasapi.getSessionEnumerator": "IAudioSessionManager2::GetSessionEnumerator",
	"detect/wasapi.registerSessions":     "IAudioSessionManager2::RegisterSessionNotification",
	"detect/wasapi.unregisterSessions":   "IAudioSessionManager2::UnregisterSessionNotification",

	"detect/wasapi.sessionsGetCount":   "IAudioSessionEnumerator::GetCount",
	"detect/wasapi.sessionsGetSession": "IAudioSessionEnumerator::GetSession",

	"detect/wasapi.getDisplayName":     "IAudioSessionControl2::GetDisplayName",
	"detect/wasapi.getProcessID":       "IAudioSessionControl2::GetProcessId",
	"detect/wasapi.getSessionInstance": "IAudioSessionControl2::GetSessionInstanceIdentifier",
	"detect/wasapi.getState":           "IAudioSessionControl2::GetState",
	"detect/wasapi.registerEvents":     "IAudioSessionControl2::RegisterAudioSessionNotification",
	"detect/wasapi.unregisterEvents":   "IAudioSessionControl2::UnregisterAudioSessionNotification",

	"detect/wasapi.onDeviceAdded":        "IMMNotificationClient::OnDeviceAdded",
	"detect/wasapi.onDeviceRemoved":      "IMMNotificationClient::OnDeviceRemoved",
	"detect/wasapi.onDeviceStateChanged": "IMMNotificationClient::OnDeviceStateChanged",
	"detect/wasapi.onDisconnected":       "IAudioSessionEvents::OnSessionDisconnected",
	"detect/wasapi.onSessionCreated":     "IAudioSessionNotification::OnSessionCreated",
	"detect/wasapi.onStateChanged":       "IAudioSessionEvents::OnStateChanged",

	"detect/winmsg.DeviceChange":                   "WM_DEVICECHANGE",
	"detect/winmsg.DevicesChanged.devNodesChanged": "DBT_DEVNODES_CHANGED",
	"detect/winmsg.EndSession":                     "WM_ENDSESSION",
	"detect/winmsg.Input":                          "WM_INPUT",
	"detect/winmsg.PowerBroadcast":                 "WM_POWERBROADCAST",
	"detect/winmsg.SessionChange":                  "WM_WTSSESSION_CHANGE",
	"detect/winmsg.wmClose":                        "WM_CLOSE",
	"detect/winmsg.wmDestroy":                      "WM_DESTROY",
	"detect/winmsg.wmQueryEndSession":              "WM_QUERYENDSESSION",

	"detect/wts.consoleConnect":                    "WTS_CONSOLE_CONNECT",
	"detect/wts.consoleDisconnect":                 "WTS_CONSOLE_DISCONNECT",
	"detect/wts.remoteConnect":                     "WTS_REMOTE_CONNECT",
	"detect/wts.remoteDisconnect":                  "WTS_REMOTE_DISCONNECT",
	"detect/wts.resumeAutomatic":                   "PBT_APMRESUMEAUTOMATIC",
	"detect/wts.resumeSuspend":                     "PBT_APMRESUMESUSPEND",
	"detect/wts.sessionLock":                       "WTS_SESSION_LOCK",
	"detect/wts.sessionUnlock":                     "WTS_SESSION_UNLOCK",
	"detect/wts.suspend":                           "PBT_APMSUSPEND",
	"detect/wts.powerSetting":                      "PBT_POWERSETTINGCHANGE",
	"detect/wts.sessionDisplay":                    "GUID_SESSION_DISPLAY_STATUS",
	"detect/wts.applyPower.size":                   "offsetof(POWERBROADCAST_SETTING, Data) + sizeof(DWORD)",
	"detect/wts.decodePower.lengthAt":              "offsetof(POWERBROADCAST_SETTING, DataLength)",
	"detect/wts.decodePower.valueAt":               "offsetof(POWERBROADCAST_SETTING, Data)",
	"detect/wts.decodePower.valueEnd":              "offsetof(POWERBROADCAST_SETTING, Data) + sizeof(DWORD)",
	"detect/wts.modernStandby.platformInformation": "PlatformInformation",
	"detect/wts.query.currentSession":              "(LONG)WTS_CURRENT_SESSION",
	"detect/wts.query.sessionInfoEx":               "WTSSessionInfo + 1",
	"detect/wts.run.thisSession":                   "NOTIFY_FOR_THIS_SESSION",
	"detect/wts.run.windowHandle":                  "DEVICE_NOTIFY_WINDOW_HANDLE",
	"detect/wts.decodeInfo.disconnected":           "WTSDisconnected",
	"detect/wts.decodeInfo.flagsAt":                "offsetof(documented_WTSINFOEXW, Data.WTSInfoExLevel1.SessionFlags)",
	"detect/wts.decodeInfo.flagsEnd":               "offsetof(documented_WTSINFOEXW, Data.WTSInfoExLevel1.SessionFlags) + sizeof(LONG)",
	"detect/wts.decodeInfo.locked":                 "WTS_SESSIONSTATE_LOCK",
	"detect/wts.decodeInfo.stateAt":                "offsetof(documented_WTSINFOEXW, Data.WTSInfoExLevel1.SessionState)",

	"tray.allow.allow":         "MSGFLT_ALLOW",
	"tray.end.remove":          "PM_REMOVE",
	"tray.iconSize.smallIcon":  "SM_CXSMICON",
	"tray.iconThere.message":   "NIF_MESSAGE",
	"tray.libraryMessage":      "WM_USER + 1",
	"tray.modify.modify":       "NIM_MODIFY",
	"tray.putPicture.withIcon": "NIF_ICON",
	"tray.windowProc":          "GWLP_WNDPROC",
	"tray.wmClose":             "WM_CLOSE",
	"tray.wmDPIChanged":        "WM_DPICHANGED",
	"tray.wmDisplayChange":     "WM_DISPLAYCHANGE",
	"tray.wmEndSession":        "WM_ENDSESSION",
	"tray.wmQuit":              "WM_QUIT",

	"tray/console.Attach.parent": "(LONG)ATTACH_PARENT_PROCESS",
}

// shape is a structure of the headers, with those of its fields that ours have,
// in the order of ours. _ is padding.
type shape struct{ name, fields string }

// layouts has the shape of each structure of ours.
var layouts = map[string]shape{
	"detect/lastinput.device":                           {"RAWINPUTDEVICE", "usUsagePage usUsage dwFlags hwndTarget"},
	"detect/lastinput.struct{size uint32; tick uint32}": {"LASTINPUTINFO", "cbSize dwTime"},
	"detect/wasapi.propertyKey":                         {"PROPERTYKEY", "fmtid pid"},
	"detect/wasapi.variant":                             {"PROPVARIANT", "vt _ pwszVal _"},
	"detect/wts.[16]byte":                               {"GUID", ""},
	"tray.message":                                      {"MSG", "hwnd message wParam lParam time pt.x pt.y"},
	"tray.notifyIcon": {"NOTIFYICONDATAW",
		"cbSize hWnd uID uFlags uCallbackMessage hIcon szTip dwState dwStateMask szInfo uVersion szInfoTitle dwInfoFlags guidItem hBalloonIcon"},
	"detect/winmsg.[48]byte": {"MSG", ""},
	"detect/winmsg.windowClass": {"WNDCLASSEXW",
		"cbSize style lpfnWndProc cbClsExtra cbWndExtra hInstance hIcon hCursor hbrBackground lpszMenuName lpszClassName hIconSm"},
}

// ours says why a constant or a structure is not of the headers.
var ours = map[string]string{
	"detect/consent.fileTime.unixEpoch":  "the time between two calendars",
	"detect/consent.maxEnds":             "a limit",
	"detect/lastinput.maxAhead":          "a limit",
	"detect/wasapi.notifier":             "an object: COM reads the pointer to its methods alone",
	"detect/wasapi.object":               "an object: the pointer to its methods is all that COM promises",
	"detect/wasapi.flows":                "how many directions there are",
	"detect/wasapi.maxHanded":            "a limit",
	"detect/winproc.maxUDP":              "a limit",
	"tray.checks":                        "a limit",
	"tray.libraryIcon":                   "a number of fyne.io/systray",
	"tray.ours":                          "a mark that nobody else reads",
	"tray.putPicture.version":            "a number that the documentation of CreateIconFromResourceEx alone has",
	"tray/autostart.maxCommand":          "a limit that the documentation alone has",
	"detect/winproc.depth":               "a limit",
	"detect/wts.decodeInfo.level":        "a number that the documentation alone has",
	"graph.openWithoutWaiting":           "what Go's os.OpenFile takes, where Windows has nothing",
	"tray/atomicfile.openWithoutLink":    "what Go's os.OpenFile takes, where Windows has nothing",
	"tray/atomicfile.openWithoutWaiting": "what Go's os.OpenFile takes, where Windows has nothing",
	"tray/control.maxEndpoint":           "a limit",
}
