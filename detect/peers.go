package detect

import (
	"time"

	"heliograph/detect/call"
)

// peers finds out which programs that record whenever they are open are
// connected to somebody: those whose recording process has a UDP socket. It is for
// systems that list the sockets of all processes.
//
// Browsers are not among these: what talks to the other side is one of many
// processes of the same name, and the others have such sockets for pages, too.
type peers struct {
	owners func() (map[uint32]bool, error) // the processes with a UDP socket
	timer  *time.Timer                     // has the source sampled again after peerPause

	connected map[int][]string // the names of those that were, by process
}

// peerPause is how often the sockets are looked for, only while such a program
// records or is connected: the system does not report new ones.
const peerPause = 2 * time.Second

func newPeers(owners func() (map[uint32]bool, error), changed func()) *peers {
	timer := time.AfterFunc(time.Hour, changed)
	timer.Stop()
	return &peers{owners: owners, timer: timer}
}

// read returns the peers of the programs that record. Where the sockets cannot be
// listed there are none, and the streams decide.
func (p *peers) read(captures []call.Sound) []call.Peer {
	programs := p.connected
	p.connected = nil
	for _, c := range captures {
		a, _ := call.Find(c.Names)
		if a.Duplex && a.Class == call.CallFirst && !c.Corked {
			if programs == nil {
				programs = map[int][]string{}
			}
			programs[c.PID] = c.Names
		}
	}
	if len(programs) == 0 {
		return nil
	}
	p.timer.Reset(peerPause)
	owners, err := p.owners()
	if err != nil {
		return nil
	}
	var out []call.Peer
	for pid, names := range programs {
		connected := owners[uint32(pid)]
		out = append(out, call.Peer{Names: names, Connected: connected})
		if connected {
			if p.connected == nil {
				p.connected = map[int][]string{}
			}
			p.connected[pid] = names
		}
	}
	return out
}

func (p *peers) close() { p.timer.Stop() }
