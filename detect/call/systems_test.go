package call

import (
	"slices"
	"testing"
	"time"
)

// namesOn are the names under which programs with calls record, as each
// system's part of package detect gives them, by the row that they must match.
// Names in one row of strings belong to one process, the most specific first.
//
// Source: the app tables of comparable programs and their issue trackers; the
// package family names are those of the Microsoft Store.
var namesOn = map[string][]struct {
	row   string
	names []string
}{
	"linux": {
		{"zoom", []string{"zoom"}}, {"zoom", []string{"zoom.real"}}, {"zoom", []string{"us.zoom.Zoom"}},
		{"teams-for-linux", []string{"teams-for-linux"}},
		{"webex", []string{"CiscoCollabHost"}},
		{"jitsi", []string{"jitsi-meet"}}, {"jitsi", []string{"org.jitsi.jitsi-meet"}},
		{"skype", []string{"skypeforlinux"}}, {"linphone", []string{"linphone"}}, {"mumble", []string{"mumble"}},
		{"slack", []string{"slack"}}, {"discord", []string{"Discord"}}, {"discord", []string{"discord"}},
		{"telegram", []string{"telegram-desktop"}}, {"telegram", []string{"org.telegram.desktop"}},
		{"signal", []string{"signal-desktop"}}, {"element", []string{"element-desktop"}}, {"wechat", []string{"wechat"}},
		{"chrome", []string{"chrome"}}, {"chrome", []string{"google-chrome-stable"}},
		{"chromium", []string{"chromium"}}, {"chromium", []string{"chromium-browser"}},
		{"edge", []string{"msedge"}}, {"edge", []string{"microsoft-edge"}},
		{"brave", []string{"brave"}}, {"vivaldi", []string{"vivaldi-bin"}}, {"opera", []string{"opera"}},
		{"firefox", []string{"firefox"}}, {"firefox", []string{"firefox-bin"}}, {"firefox", []string{"firefox-esr"}},
		{"firefox", []string{"zen"}}, {"firefox", []string{"org.mozilla.firefox"}}, {"firefox", []string{"librewolf"}},
	},
	"windows": {
		{"zoom", []string{"Zoom.exe"}}, {"zoom", []string{"aomhost64.exe", "Zoom.exe"}},
		{"teams", []string{"MSTeams_8wekyb3d8bbwe", "MSTeams", "ms-teams.exe"}}, {"teams", []string{"ms-teams_modulehost.exe"}},
		{"teams", []string{"msedgewebview2.exe", "ms-teams.exe"}}, {"teams", []string{"Teams.exe"}},
		{"webex", []string{"CiscoCollabHost.exe"}}, {"webex", []string{"webexmta.exe"}}, {"webex", []string{"atmgr.exe"}}, {"webex", []string{"Webex.exe"}},
		{"jitsi", []string{"Jitsi Meet.exe"}},
		{"skype", []string{"Microsoft.SkypeApp_kzf8qxf38zg5c", "Microsoft.SkypeApp", "Skype.exe"}},
		{"linphone", []string{"linphone.exe"}}, {"mumble", []string{"mumble.exe"}},
		{"slack", []string{"slack.exe"}}, {"discord", []string{"Discord.exe"}},
		{"telegram", []string{"TelegramMessengerLLP.TelegramDesktop_t4vj0pshhgkwm", "TelegramMessengerLLP.TelegramDesktop", "Telegram.exe"}},
		{"signal", []string{"Signal.exe"}}, {"whatsapp", []string{"WhatsApp.exe"}},
		{"whatsapp", []string{"5319275A.WhatsAppDesktop_cv1g1gvanyjgm", "5319275A.WhatsAppDesktop", "WhatsApp.Root.exe"}},
		{"element", []string{"Element.exe"}}, {"wechat", []string{"WeChat.exe"}}, {"wechat", []string{"Weixin.exe"}},
		{"wechat", []string{"WeChatAppEx.exe", "Weixin.exe"}}, {"tencent-meeting", []string{"wemeetapp.exe"}},
		{"chrome", []string{"chrome.exe"}}, {"chromium", []string{"chromium.exe"}}, {"edge", []string{"msedge.exe"}},
		{"brave", []string{"brave.exe"}}, {"vivaldi", []string{"vivaldi.exe"}}, {"opera", []string{"opera.exe"}},
		{"arc", []string{"TheBrowserCompany.Arc_ttt1ap7aakyb4", "TheBrowserCompany.Arc", "Arc.exe"}}, {"comet", []string{"comet.exe"}},
		{"firefox", []string{"firefox.exe"}},
	},
	"darwin": {
		{"zoom", []string{"us.zoom.xos", "zoom.us"}}, {"zoom", []string{"us.zoom.ZoomHybridConf", "zoom.us", "ZoomHybridConf"}},
		{"teams", []string{"com.microsoft.teams2", "Microsoft Teams", "com.microsoft.teams2", "MSTeams"}},
		{"teams", []string{"com.microsoft.teams2.helper", "com.microsoft.teams2", "Microsoft Teams WebView"}},
		{"webex", []string{"Cisco-Systems.Spark", "Webex"}}, {"webex", []string{"Cisco Webex Meetings"}}, {"webex", []string{"Meeting Center"}},
		{"jitsi", []string{"org.jitsi.jitsi-meet", "Jitsi Meet"}},
		{"facetime", []string{"com.apple.avconferenced", "avconferenced"}}, {"facetime", []string{"com.apple.FaceTime"}},
		{"slack", []string{"com.tinyspeck.slackmacgap.helper", "com.tinyspeck.slackmacgap", "Slack"}},
		{"discord", []string{"com.hnc.Discord.helper.Renderer", "com.hnc.Discord", "Discord"}},
		{"telegram", []string{"ru.keepcoder.Telegram", "Telegram"}}, {"signal", []string{"org.whispersystems.signal-desktop", "Signal"}},
		{"whatsapp", []string{"net.whatsapp.WhatsApp", "WhatsApp"}},
		{"element", []string{"im.riot.app", "Element"}}, {"element", []string{"im.riot.app.helper", "im.riot.app"}},
		{"wechat", []string{"com.tencent.xinWeChat", "WeChat"}}, {"tencent-meeting", []string{"com.tencent.meeting"}}, {"tencent-meeting", []string{"com.tencent.tencentmeeting"}},
		{"chrome", []string{"com.google.Chrome.helper", "com.google.Chrome", "Google Chrome"}},
		{"chromium", []string{"org.chromium.Chromium"}}, {"edge", []string{"com.microsoft.edgemac"}}, {"brave", []string{"com.brave.Browser"}},
		{"vivaldi", []string{"com.vivaldi.Vivaldi"}}, {"opera", []string{"com.operasoftware.Opera"}}, {"arc", []string{"company.thebrowser.Browser"}},
		{"comet", []string{"ai.perplexity.comet", "Comet"}},
		{"firefox", []string{"org.mozilla.firefox"}}, {"safari", []string{"com.apple.WebKit.GPU", "com.apple.WebKit.GPU"}},
	},
}

// neverOn are the names of programs that record without a call, some of them all
// day: they are never in one, and nobody is asked about them.
var neverOn = map[string][][]string{
	"linux": {
		{"pavucontrol"}, {"org.PulseAudio.pavucontrol"}, {"org.gnome.VolumeControl"}, {"org.gnome.Shell"}, {"gnome-shell"},
		{"org.kde.kmixd"}, {"plasmashell"}, {"kmix"}, {"org.mate.VolumeControl"}, {"ncpamixer"},
		{"easyeffects"}, {"com.github.wwmm.easyeffects"}, {"pulseeffects"}, {"jamesdsp"}, {"noisetorch"}, {"cadmus"},
		{"cava"}, {"obs"}, {"com.obsproject.Studio"}, {"gpu-screen-recorder"}, {"gst-launch-1.0"}, {"audacity"},
		{"arecord"}, {"sox"}, {"parecord"}, {"pw-record"}, {"pw-cat"}, {"speech-dispatcher"}, {"gsd-media-keys"}, {"xdg-desktop-portal"},
	},
	"windows": {
		{"obs64.exe"}, {"obs32.exe"},
		{"voicemeeter.exe"}, {"voicemeeter_x64.exe"}, {"voicemeeterpro.exe"}, {"voicemeeterpro_x64.exe"}, {"voicemeeter8.exe"}, {"voicemeeter8x64.exe"},
		{"NVIDIA Broadcast.exe"}, {"WaveLink.exe"}, {"WaveLinkSE.exe"}, {"SteelSeriesSonar.exe"}, {"krisp.exe"},
		{"Microsoft.WindowsSoundRecorder_8wekyb3d8bbwe", "Microsoft.WindowsSoundRecorder", "VoiceRecorder.exe"}, {"VoiceRecorder.exe"}, {"SoundRec.exe"},
		{"Microsoft.ScreenSketch_8wekyb3d8bbwe", "Microsoft.ScreenSketch", "SnippingTool.exe"}, {"SnippingTool.exe"},
		{"VoiceAccess.exe"}, {"MicrosoftWindows.Client.CBS_cw5n1h2txyewy", "MicrosoftWindows.Client.CBS", "TextInputHost.exe"}, {"TextInputHost.exe"},
		{"audacity.exe"},
	},
	"darwin": {
		{"com.apple.CoreSpeech", "corespeechd"}, {"corespeechd"}, {"com.apple.siri", "Siri"}, {"com.apple.SpeechRecognitionCore.speechrecognitiond", "speechrecognitiond"},
		{"com.apple.VoiceMemos", "VoiceMemos"}, {"com.apple.QuickTimePlayerX", "QuickTime Player"}, {"com.apple.screencaptureui", "screencaptureui"},
		{"screencapture"}, {"com.apple.replayd", "replayd"}, {"replayd"},
		{"com.obsproject.obs-studio", "OBS"}, {"com.elgato.WaveLink", "WaveLink"}, {"ai.krisp.krispMac", "krisp"}, {"org.audacityteam.audacity", "Audacity"},
	},
}

// unknownOn are names of programs that record without a call and that no table
// can know: they are not a call, though a person may be asked.
var unknownOn = map[string][][]string{
	"linux":   {{"cheese"}, {"WEBRTC VoiceEngine"}, {"Chromium input"}},
	"windows": {{"Wispr Flow.exe"}, {"SearchHost.exe"}, {"msedgewebview2.exe"}},
	"darwin":  {{"com.superduper.superwhisper", "superwhisper"}, {"com.apple.controlcenter", "ControlCenter"}},
}

// judgeFor judges a program that records for a minute and does whatever else a
// call could do: it plays, films, and has a connection to another side.
func judgeFor(names []string, alone bool) (called, asked bool) {
	r := NewRule(Options{Debounce: 2 * time.Second, Grace: 15 * time.Second})
	e := Evidence{Known: true, Captures: []Sound{{Index: 1, PID: 7, Names: names}}}
	if !alone {
		e.Playbacks = []Sound{{Index: 2, PID: 7, Names: names}}
		e.Cameras = []Process{{PID: 7, Names: names}}
		e.Inhibitors = []Inhibitor{{Names: names, Reason: "WebRTC has active PeerConnections"}}
		e.Peers = []Peer{{Names: names, Connected: true}}
	}
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	for range 60 {
		j := r.Judge(e, now)
		called, asked = called || j.Call.Active(), asked || j.Unlisted != ""
		now = now.Add(time.Second)
	}
	return called, asked
}

// TestNamesOfEachSystem holds the table to the names of real programs: each is
// found in its row, and is in a call if it does what its class asks for.
func TestNamesOfEachSystem(t *testing.T) {
	for system, programs := range namesOn {
		for _, p := range programs {
			app, ok := Find(p.names)
			if !ok || app.ID != p.row {
				t.Errorf("%s: %q are found in %q, not in %s", system, p.names, app.ID, p.row)
				continue
			}
			if called, asked := judgeFor(p.names, false); !called || asked {
				t.Errorf("%s: %q in a call: judged a call: %v, asked about: %v", system, p.names, called, asked)
			}
			if called, _ := judgeFor(p.names, true); called != (app.Class == CallFirst) {
				t.Errorf("%s: %q only records, and is a %s: judged a call: %v", system, p.names, app.Class, called)
			}
		}
	}
}

// TestNeverACallOnAnySystem holds that a program which records without a call is
// not in one, whatever else it does, and that nobody is asked about those that
// do so all day.
func TestNeverACallOnAnySystem(t *testing.T) {
	for system, programs := range neverOn {
		for _, names := range programs {
			for _, alone := range []bool{true, false} {
				if called, asked := judgeFor(names, alone); called || asked {
					t.Errorf("%s: %q: judged a call: %v, asked about: %v", system, names, called, asked)
				}
			}
		}
	}
	for system, programs := range unknownOn {
		for _, names := range programs {
			if called, _ := judgeFor(names, false); called {
				t.Errorf("%s: %q: judged a call", system, names)
			}
		}
	}
}

// TestSystemsHaveTheSameRows holds that a program which is known on one system
// is looked for in the names of the others too, or does not exist there.
func TestSystemsHaveTheSameRows(t *testing.T) {
	covered := map[string]bool{}
	for _, programs := range namesOn {
		for _, p := range programs {
			covered[p.row] = true
		}
	}
	// No names of other systems are known for these.
	unverified := []string{"baresip", "3cx", "ringcentral", "goto", "bluejeans", "zoiper"}
	for _, a := range table {
		if a.Class != Never && !covered[a.ID] && !slices.Contains(unverified, a.ID) {
			t.Errorf("no system has a name of %s", a.ID)
		}
	}
}
