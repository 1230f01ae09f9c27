package funding

import (
	"context"

	"offshoot/models"
)

// InChunksOf has month starts take so many sub-accounts at a time, so that a few of them are many chunks.
func InChunksOf(s *Service, n int) { s.chunk = n }

// RehearseMoving rehearses by moving everything and taking it back, RehearseLooking by looking alone, however many there are.
func RehearseMoving(ctx context.Context, s *Service, actor models.Actor) (models.Rehearsal, error) {
	r, turns, err := s.rehearse(ctx, actor, 1<<30)
	r.Turns = shown(turns)
	return r, err
}

func RehearseLooking(ctx context.Context, s *Service, actor models.Actor) (models.Rehearsal, error) {
	r, turns, err := s.rehearse(ctx, actor, -1)
	r.Turns = shown(turns)
	return r, err
}
