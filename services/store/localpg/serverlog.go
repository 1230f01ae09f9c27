package localpg

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
)

// serverLog passes the server's lines on to the program's log, and keeps the last few to explain an end by.
type serverLog struct {
	log *slog.Logger

	mu      sync.Mutex
	partial []byte
	recent  []string
}

const (
	keptLines   = 6
	longestLine = 8 << 10 // a statement quoted in an error can be of any length
)

func newServerLog(log *slog.Logger) *serverLog { return &serverLog{log: log} }

func (l *serverLog) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partial = append(l.partial, text...)
	for {
		line, rest, whole := bytes.Cut(l.partial, []byte("\n"))
		if !whole {
			l.partial = line[:min(len(line), longestLine)]
			return len(text), nil
		}
		l.line(strings.TrimSpace(string(line[:min(len(line), longestLine)])))
		l.partial = rest
	}
}

// line logs at Debug, because what clients get wrong is theirs to report, and quotes their data. A panic is the server's.
func (l *serverLog) line(text string) {
	if text == "" {
		return
	}
	level := slog.LevelDebug
	if strings.HasPrefix(text, "PANIC:") {
		level = slog.LevelError
	}
	l.log.Log(context.Background(), level, "postgres: "+text)
	l.recent = append(l.recent, text)
	l.recent = l.recent[max(0, len(l.recent)-keptLines):]
}

// tail is what the server said last, in one line.
func (l *serverLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.recent, "; ")
}

// last is the last line alone.
func (l *serverLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.recent) == 0 {
		return ""
	}
	return l.recent[len(l.recent)-1]
}
