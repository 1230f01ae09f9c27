package identity

// HashQueue is how many passwords are being hashed or wait for their turn, in this process. For: metrics.
func (s *Service) HashQueue() int64 { return s.waiting.Load() }
