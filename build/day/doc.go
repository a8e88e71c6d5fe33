// Package day simulates days in the life of a person who uses heliograph, in
// virtual time, and counts for how many seconds colleagues saw something wrong.
//
// A seed draws a [Script]: what the person does at the computer, in heliograph
// and in Teams, and what the network, Microsoft, the clock and fate do. The real
// presence loop, Graph client and MSAL play it against the emulator, and so do
// the strategies of other tools ([Peers]). An observer at the emulator notes each
// change of what a colleague sees. The same seed gives the same run.
//
// # What is right
//
// The oracle ([Truth]) shares no code with package presence. It knows everything
// that happened and says what a perfect client would show:
//
//   - The newest action of the person wins, whether it was made in heliograph or
//     in Teams. Back to automatic in heliograph ends heliograph's own choice and
//     keeps one made in Teams.
//   - A choice made in Teams while heliograph is off, or its computer asleep,
//     beats the saved one.
//   - A choice made in heliograph follows the person to another account on the
//     same computer. At the former account nothing of heliograph stays.
//   - A choice is shown through sleep; the session is not, so that colleagues see
//     Offline unless a Teams client runs elsewhere.
//   - The newest text wins: of a choice since it was made, of calls since the first
//     began, of the person since they wrote or removed theirs. The person's own is
//     restored when heliograph's ends.
//   - Of two computers with the same account, the one with the newest input speaks,
//     and a call beats idleness. The other keeps quiet and clears nothing of it.
//     One whose sign-in was revoked does not speak once the person has signed in at
//     the other again; what it has set may be there still. Of two texts the newer
//     is right, and the other may be given up, as for a message of the person.
//   - After quit, a sign-out or a kill nothing of heliograph should be there.
//
// Where only the person could say what they meant there are several right
// answers: the same status chosen in heliograph and in Teams; "for an hour"
// while the clock is stepped; a status in Teams that an account had before
// heliograph was signed in to it; a reset in Teams, or a message written there,
// while heliograph was off. The same holds for what came and went in Teams between
// two reads, for the order of two actions between which nothing was read, and for
// a choice of which nothing has arrived.
//
// # What no client can do
//
// Each second that is wrong is avoidable, unless it lies in one of these spans:
//
//   - reaction: eight requests after a change, one of them for a token;
//   - not read yet: what the person does in Teams is found with the next renewal,
//     after which heliograph reads (4 minutes while available, 11 in a call, 50
//     while away); it excuses the session and the message, never a choice that
//     was made in Teams and is overwritten;
//   - found when back: what the person did in Teams while heliograph was off or
//     asleep is believed one minute after it has read for the first time, since
//     reads may lag;
//   - a trouble of the network or of Microsoft, and one minute of back-off, or
//     Microsoft's own Retry-After, after the last request that failed, or for a
//     refusal as long as that has lasted; an answer that is an error excuses only
//     what the request was for, except 429;
//   - lagging reads: their lag and one minute after a change;
//   - from a kill or a loss of power until the next start; from a revocation until
//     the next sign-in, at whichever computer; while the process is stopped;
//   - what changes while the computer sleeps, and what could not be sent within
//     the four seconds for which sleep is held, until it wakes;
//   - of two computers with one session, what only the other one knows. One that
//     keeps quiet finds that the other has stopped after ten minutes if it saw it
//     speak, and after 25 if it saw Away; if it never read what only another can
//     have caused, with its own renewal. One that overwrites the same pair, or a
//     pair that it has never seen, is found with the other's next renewal. One that
//     knows of another says Away when its own Available has faded. Neither can tell
//     the same choice of both apart; see others.go;
//   - what could not be cleared within the three seconds of quit or sign-out
//     because of a trouble, until the next start or sign-in;
//   - a choice that was reset in Teams while a session shows the same availability,
//     until the person chooses anew, unless both activities were read before;
//   - Available that is chosen in Teams while nobody is at the computer, which looks
//     like another computer's session, until that has ended or somebody is back;
//   - a clock that is set ahead: it looks like time that has passed in a suspended
//     computer, so that somebody who has just stopped typing is away, and to a
//     program that starts afterwards what it has set seems to have ended.
//
// A clock that is set back excuses nothing.
//
// # The least requests
//
// [Least] counts what a client would send for the same truth on a network without
// trouble that knows everything but what only Microsoft can tell: one write for
// each change of the session, of the own choice and of the own text that lasts
// longer than a round trip; one read after the writes of each instant at which a
// session is held; one read before those that could replace what another computer
// or the person has put there, that is before Away, before Available after Away,
// before the end of a session or a choice, and before each text; for a renewal
// of the session, without jitter and at the end of presence.DefaultTiming's span,
// one write and one read; for one of a choice (6 hours) or a text (45 minutes)
// one write. Nobody writes at a kill. Requests for tokens count for neither side.
package day
