package call

// Class says how much evidence makes a program's recording a call.
type Class string

// The classes of the table.
const (
	CallFirst Class = "call"      // recording alone is a call: Zoom, Webex
	Messenger Class = "messenger" // recording and playing, for a while: Slack, Discord
	Browser   Class = "browser"   // recording and playing, a WebRTC inhibitor, or the camera
	Never     Class = "never"     // never a call: mixers, recorders, what the user denied
)

// App is one row of the table.
type App struct {
	ID    string
	Name  string // for people
	Class Class
	// Match lists executable names, Flatpak ids or bundle ids; they are
	// compared without regard to case.
	Match []string
	// Group marks a row that covers several programs; the name that matches is
	// the id of the program.
	Group bool
	// Teams marks the Teams client itself, which sets its own presence.
	Teams bool
	// Duplex marks a program that plays whenever it records, or records
	// whenever it is open, so that only its connection to the other side is
	// evidence, where that can be seen.
	Duplex bool
}

// SoundSystem is the id of the row of sound servers and their parts.
const SoundSystem = "sound-system"

// table is the app table that ships with the program: which programs may be in
// a call, and how much evidence it takes. A user's rows precede it.
var table = []App{
	{ID: "zoom", Name: "Zoom", Class: CallFirst, Match: []string{"zoom", "zoom.real", "us.zoom.Zoom", "us.zoom.xos", "zoom.us", "ZoomHybridConf", "aomhost", "aomhost64"}},
	{ID: "teams", Name: "Microsoft Teams", Class: CallFirst, Teams: true, Match: []string{"ms-teams", "ms-teams_modulehost", "Teams", "MSTeams", "com.microsoft.teams2", "MSTeams_8wekyb3d8bbwe"}},
	{ID: "teams-for-linux", Name: "Teams for Linux", Class: CallFirst, Teams: true, Match: []string{"teams-for-linux", "com.github.IsmaelMartinez.teams_for_linux"}},
	{ID: "webex", Name: "Webex", Class: CallFirst, Match: []string{"CiscoCollabHost", "webexmta", "atmgr", "Webex", "Cisco-Systems.Spark", "Cisco Webex Meetings", "Meeting Center"}},
	{ID: "jitsi", Name: "Jitsi Meet", Class: CallFirst, Match: []string{"jitsi-meet", "jitsi-meet-electron", "org.jitsi.jitsi-meet", "Jitsi Meet"}},
	{ID: "facetime", Name: "FaceTime", Class: CallFirst, Match: []string{"avconferenced", "com.apple.avconferenced", "com.apple.FaceTime"}},
	{ID: "skype", Name: "Skype", Class: CallFirst, Match: []string{"skype", "skypeforlinux", "com.skype.Client"}},
	{ID: "linphone", Name: "Linphone", Class: CallFirst, Match: []string{"linphone", "linphonec", "com.belledonnecommunications.linphone"}},
	{ID: "baresip", Name: "baresip", Class: CallFirst, Match: []string{"baresip"}},
	{ID: "mumble", Name: "Mumble", Class: CallFirst, Duplex: true, Match: []string{"mumble", "info.mumble.Mumble"}},
	{ID: "3cx", Name: "3CX", Class: CallFirst, Match: []string{"3CXDesktopApp", "3CXSoftphone"}},
	{ID: "ringcentral", Name: "RingCentral", Class: CallFirst, Match: []string{"RingCentral", "com.ringcentral.glip"}},
	{ID: "goto", Name: "GoTo", Class: CallFirst, Match: []string{"GoTo", "g2mcomm", "com.logmein.goto"}},
	{ID: "bluejeans", Name: "BlueJeans", Class: CallFirst, Match: []string{"BlueJeans", "bluejeans-v2"}},
	{ID: "zoiper", Name: "Zoiper", Class: CallFirst, Match: []string{"zoiper", "Zoiper5"}},
	{ID: "tencent-meeting", Name: "Tencent Meeting", Class: CallFirst, Match: []string{"wemeetapp", "com.tencent.meeting", "com.tencent.tencentmeeting"}},

	{ID: "slack", Name: "Slack", Class: Messenger, Match: []string{"slack", "com.slack.Slack", "com.tinyspeck.slackmacgap"}},
	{ID: "discord", Name: "Discord", Class: Messenger, Match: []string{"Discord", "DiscordPTB", "DiscordCanary", "com.discordapp.Discord", "com.hnc.Discord", "vesktop", "dev.vencord.Vesktop"}},
	{ID: "telegram", Name: "Telegram", Class: Messenger, Match: []string{"telegram-desktop", "Telegram", "org.telegram.desktop", "ru.keepcoder.Telegram"}},
	{ID: "signal", Name: "Signal", Class: Messenger, Match: []string{"signal-desktop", "Signal", "org.signal.Signal", "org.whispersystems.signal-desktop"}},
	{ID: "whatsapp", Name: "WhatsApp", Class: Messenger, Match: []string{"whatsapp", "whatsapp.root", "net.whatsapp.WhatsApp"}},
	{ID: "element", Name: "Element", Class: Messenger, Match: []string{"element-desktop", "Element", "im.riot.Riot", "im.riot.app"}},
	{ID: "wechat", Name: "WeChat", Class: Messenger, Match: []string{"wechat", "Weixin", "com.tencent.xinWeChat", "com.tencent.WeChat"}},

	{ID: "chrome", Name: "Google Chrome", Class: Browser, Match: []string{"chrome", "google-chrome", "google-chrome-stable", "com.google.Chrome"}},
	{ID: "chromium", Name: "Chromium", Class: Browser, Match: []string{"chromium", "chromium-browser", "org.chromium.Chromium"}},
	{ID: "edge", Name: "Microsoft Edge", Class: Browser, Match: []string{"msedge", "microsoft-edge", "microsoft-edge-stable", "com.microsoft.edgemac", "com.microsoft.Edge"}},
	{ID: "brave", Name: "Brave", Class: Browser, Match: []string{"brave", "brave-browser", "com.brave.Browser"}},
	{ID: "vivaldi", Name: "Vivaldi", Class: Browser, Match: []string{"vivaldi", "vivaldi-bin", "com.vivaldi.Vivaldi"}},
	{ID: "opera", Name: "Opera", Class: Browser, Match: []string{"opera", "com.operasoftware.Opera", "com.opera.Opera"}},
	{ID: "arc", Name: "Arc", Class: Browser, Match: []string{"arc", "company.thebrowser.Browser"}},
	{ID: "comet", Name: "Comet", Class: Browser, Match: []string{"comet", "ai.perplexity.comet"}},
	{ID: "firefox", Name: "Firefox", Class: Browser, Duplex: true, Match: []string{"firefox", "firefox-bin", "firefox-esr", "org.mozilla.firefox", "zen", "zen-bin", "librewolf", "io.gitlab.librewolf-community"}},
	{ID: "safari", Name: "Safari", Class: Browser, Match: []string{"com.apple.WebKit.GPU", "com.apple.Safari"}},

	{ID: "mixers", Group: true, Name: "Volume control", Class: Never, Match: []string{"pavucontrol", "org.PulseAudio.pavucontrol", "pavucontrol-qt", "org.gnome.VolumeControl", "gnome-control-center", "gnome-shell", "org.gnome.Shell", "plasmashell", "kmix", "org.kde.kmixd", "org.mate.VolumeControl", "ncpamixer", "xfce4-panel",
		"voicemeeter", "voicemeeter_x64", "voicemeeterpro", "voicemeeterpro_x64", "voicemeeter8", "voicemeeter8x64", "WaveLink", "WaveLinkSE", "com.elgato.WaveLink", "SteelSeriesSonar"}},
	{ID: "recorders", Group: true, Name: "Sound recorder", Class: Never, Match: []string{"obs", "obs64", "obs32", "com.obsproject.Studio", "com.obsproject.obs-studio", "audacity", "org.audacityteam.Audacity", "tenacity", "ardour", "reaper", "gnome-sound-recorder", "org.gnome.SoundRecorder", "krecorder", "simplescreenrecorder", "gpu-screen-recorder", "wf-recorder", "kooha", "parec", "parecord", "pacat", "arecord", "aplay", "pw-record", "pw-cat", "sox", "rec", "ffmpeg", "gst-launch-1.0", "cava",
		"VoiceRecorder", "SoundRec", "SnippingTool", "com.apple.VoiceMemos", "VoiceMemos", "com.apple.QuickTimePlayerX", "QuickTime Player", "com.apple.screencaptureui", "screencaptureui", "screencapture", "com.apple.replayd", "replayd"}},
	{ID: "effects", Group: true, Name: "Audio effects", Class: Never, Match: []string{"easyeffects", "com.github.wwmm.easyeffects", "pulseeffects", "jamesdsp", "noisetorch", "cadmus", "NVIDIA Broadcast", "krisp", "ai.krisp.krispMac"}},
	{ID: "voice-input", Group: true, Name: "Voice input", Class: Never, Match: []string{"VoiceAccess", "TextInputHost", "com.apple.CoreSpeech", "corespeechd", "com.apple.siri", "Siri", "com.apple.SpeechRecognitionCore.speechrecognitiond", "speechrecognitiond"}},
	{ID: SoundSystem, Group: true, Name: "Sound system", Class: Never, Match: []string{"pipewire", "wireplumber", "pulseaudio", "speech-dispatcher", "sd_dummy", "sd_espeak-ng", "gsd-media-keys", "xdg-desktop-portal"}},
}
