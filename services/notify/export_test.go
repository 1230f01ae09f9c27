package notify

import "time"

// Hurry shortens the pauses between tries, and how long a mail server may think.
func (s *Service) Hurry(pause time.Duration, tries int, answering time.Duration) {
	s.pauses = make([]time.Duration, tries-1)
	for i := range s.pauses {
		s.pauses[i] = pause
	}
	if s.server != nil {
		s.server.answering, s.server.conversation = answering, 2*answering
	}
}
