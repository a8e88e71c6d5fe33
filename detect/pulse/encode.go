package pulse

import "encoding/binary"

// frame makes a command.
func frame(command, tag uint32, args []byte) []byte {
	b := make([]byte, headerSize, headerSize+10+len(args))
	b = appendUint32(b, command)
	b = appendUint32(b, tag)
	b = append(b, args...)
	binary.BigEndian.PutUint32(b, uint32(len(b)-headerSize))
	binary.BigEndian.PutUint32(b[4:], commandChannel)
	return b // offset and flags are zero
}

func appendUint32(b []byte, v uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, tagUint32), v)
}

func appendText(b []byte, s string) []byte {
	return append(append(append(b, tagString), s...), 0)
}

func appendProperties(b []byte, properties [][2]string) []byte {
	b = append(b, tagProperties)
	for _, p := range properties {
		size := uint32(len(p[1]) + 1)
		b = appendUint32(appendText(b, p[0]), size)
		b = binary.BigEndian.AppendUint32(append(b, tagArbitrary), size)
		b = append(append(b, p[1]...), 0)
	}
	return append(b, tagNull)
}
