//go:build !windows

package folders

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// maxSocketFolder is how long the path of a folder with a socket may be, in
// bytes. The path of a socket may have 103 on macOS and 107 on Linux, and the
// name in the folder takes less than 20.
//
// Source: unix(4) of macOS, unix(7) of Linux: sun_path.
const maxSocketFolder = 84

// short returns dir, or where it is too long one of this user's own in the folder
// for temporary files, a different one for each dir. Whoever uses it has to
// check who owns it: everybody may make folders there.
func short(dir string) string {
	if len(dir) <= maxSocketFolder {
		return dir
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join("/tmp", fmt.Sprintf("%s-%d-%s", name, os.Getuid(), hex.EncodeToString(sum[:6])))
}
