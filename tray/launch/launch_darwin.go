package launch

// open is part of macOS. With -t it opens the user's text editor, for files of
// a type that no program claims.
//
// Source: man 1 open
const open = "/usr/bin/open"

func openURL(page string) error { return startFirst([]starter{{open, page}}) }

func openFile(path string) error { return startFirst([]starter{{open, path}, {open, "-t", path}}) }
