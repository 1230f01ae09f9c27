package identity

// Watch lets a test stand around every hash that the service makes.
func (s *Service) Watch(around func(hash func() []byte) []byte) {
	derive := s.derive
	s.derive = func(password, salt []byte, cost Hashing) []byte {
		return around(func() []byte { return derive(password, salt, cost) })
	}
}
