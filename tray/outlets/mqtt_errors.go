package outlets

import (
	"crypto/x509"
	"errors"
	"fmt"
)

// errLost reports that an open connection ended.
var errLost = errors.New("the connection was lost")

// reasonError is why a broker refuses something or ends a connection.
//
// Source: https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html, 2.4
type reasonError struct{ code byte }

// Reason codes that the user can do something about. A broker of an earlier
// MQTT version answers codeVersion311, which was "unacceptable protocol
// version" there.
const (
	codeVersion311   = 0x01
	codeVersion      = 0x84
	codeBadPassword  = 0x86
	codeUnauthorized = 0x87
	codeShuttingDown = 0x8B
	codeTakenOver    = 0x8E
)

func (e *reasonError) Error() string {
	switch e.code {
	case codeBadPassword:
		return "the broker refuses the user name or the password"
	case codeUnauthorized:
		return "the broker does not allow it"
	case codeVersion, codeVersion311:
		return "the broker does not speak MQTT 5"
	case codeTakenOver:
		return "another program signed in under the same name"
	case codeShuttingDown:
		return "the broker shut down"
	}
	return fmt.Sprintf("the broker ended the connection (MQTT reason %#02x)", e.code)
}

// mqttFix returns what the user can do about err, the latest of so many
// failures in a row. Not every broker gives a reason when another client takes
// the name.
func mqttFix(err error, failures int) string {
	var reason *reasonError
	code := byte(0)
	if errors.As(err, &reason) {
		code = reason.code
	}
	var unknownAuthority x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var secret *secretError
	switch {
	case errors.As(err, &secret):
		return secretFix
	case code == codeBadPassword, code == codeUnauthorized:
		return "set [mqtt] username, and the password with: heliograph secret set mqtt"
	case code == codeTakenOver, errors.Is(err, errLost) && failures > 1:
		return "give each computer a [mqtt] name of its own"
	case code == codeVersion, code == codeVersion311:
		return "use a broker that does (mosquitto 1.6 or later)"
	case errors.As(err, &unknownAuthority):
		return "name the file of its authority's certificate in [mqtt] ca_file"
	case errors.As(err, &wrongHost):
		return "name the broker in [mqtt] broker as its certificate does"
	case errors.Is(err, errUnencrypted):
		return "use mqtts:// in [mqtt] broker"
	}
	return "check [mqtt] broker, and that it runs"
}
