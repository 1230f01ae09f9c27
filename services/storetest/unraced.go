//go:build !race

package storetest

const modelRuns = "100"
