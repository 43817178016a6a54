package httpprobe

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if scheme := os.Getenv(benchServerEnv); scheme != "" {
		serveBench(scheme)
	}
	goleak.VerifyTestMain(m)
}
