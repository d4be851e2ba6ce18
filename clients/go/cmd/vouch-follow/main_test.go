package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	feed "vouch.example/feed"
)

const (
	hello  = `{"frame":"welcome","epoch":"0badcafe","oldest":1,"head":2,"from":1,"heartbeat_s":15}`
	first  = `{"frame":"record","number":1,"prev":0,  "kind":"case","case":"c","data":{"é":1}}`
	second = `{"frame":"record","number":2,"prev":1,"kind":"case","case":"c","data":{}}`
)

// serving answers every request alike, and gives its address and where the last query is kept.
func serving(t *testing.T, status int, body ...string) (string, *string) {
	t.Helper()
	var query string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.RawQuery
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.WriteHeader(status)
		io.WriteString(w, strings.Join(append(body, ""), "\n"))
	}))
	t.Cleanup(s.Close)
	return s.URL, &query
}

func command(arguments ...string) (int, string, string) {
	var out, complaints bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	status := run(ctx, arguments, "k", &out, &complaints)
	return status, out.String(), complaints.String()
}

func TestRecordsArePrintedAsTheLinesTheyCameAs(t *testing.T) {
	url, query := serving(t, 200, hello, first, second)

	status, out, complaints := command("--url", url, "--from", "1", "--until", "caught_up", "--wait", "1.5", "--metrics")

	if status != 0 || out != first+"\n"+second+"\n" || *query != "from=1&until=caught_up&wait=2" {
		t.Errorf("%d, %q, asked %q", status, out, *query)
	}
	var figures feed.Snapshot
	if err := json.Unmarshal([]byte(complaints), &figures); err != nil || figures.Records != 2 || figures.Position != 2 {
		t.Errorf("%q: %v", complaints, err)
	}
}

func TestTheCheckpointIsWhereItGoesOnAndComesBeforeFrom(t *testing.T) {
	url, query := serving(t, 200, hello, first, second)
	file := filepath.Join(t.TempDir(), "position")

	command("--url", url, "--from", "1", "--limit", "1", "--checkpoint", file)
	stored, err := os.ReadFile(file)
	status, out, _ := command("--url", url, "--from", "1", "--limit", "1", "--checkpoint", file)

	if err != nil || string(stored) != "0badcafe-1\n" {
		t.Errorf("%q, %v", stored, err)
	}
	if status != 0 || out != second+"\n" || *query != "after=0badcafe-1&limit=1" {
		t.Errorf("%d, %q, asked %q", status, out, *query)
	}
	if beside, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(beside) != 0 {
		t.Errorf("left %v", beside)
	}
}

func TestAPositionIsNotedOnlyAfterItsRecordIsPrinted(t *testing.T) {
	url, _ := serving(t, 200, hello, first, second)
	file := filepath.Join(t.TempDir(), "position")
	var complaints bytes.Buffer

	status := run(context.Background(), []string{"--url", url, "--from", "1", "--checkpoint", file}, "k", full{}, &complaints)

	stored, _ := os.ReadFile(file)
	if status != 1 || string(stored) != "0badcafe-0\n" || !strings.Contains(complaints.String(), "no space") {
		t.Errorf("%d at %q: %s", status, stored, &complaints)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestEachRefusalHasItsExitStatusAndOneLine(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		exit   int
	}{
		{401, "unauthorised", 4}, {404, "not_found", 4}, {400, "invalid", 4}, {501, "not_yet", 4},
		{410, "too_old", 3}, {409, "epoch_changed", 3}, {416, "in_the_future", 3},
	} {
		url, _ := serving(t, c.status, fmt.Sprintf(`{"code":%q,"available":{"epoch":"0badcafe","oldest":40,"head":90}}`, c.code))

		exit, out, complaints := command("--url", url)

		one := strings.Count(complaints, "\n") == 1 && strings.Contains(complaints, c.code) && strings.Contains(complaints, "40 to 90")
		if exit != c.exit || out != "" || !one {
			t.Errorf("%d: %d, %q", c.status, exit, complaints)
		}
	}
}

func TestACommandThatCannotBeMeantIsRefusedInOneLine(t *testing.T) {
	torn := filepath.Join(t.TempDir(), "torn")
	if err := os.WriteFile(torn, []byte("0badcafe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range []string{
		"--what", "--limit x", "--limit 0", "--limit -2", "--until tomorrow", "--wait -3", "--wait NaN", "--longest-wait -1",
		"--partition 4/4", "--after 75", "--from 0", "--from 1 --after 0badcafe-1", "--url http://10.0.0.1", "--url nowhere",
		"more", "--case a/../b", "--ca does-not-exist", "--checkpoint " + torn, "--checkpoint " + filepath.Dir(torn),
	} {
		exit, out, complaints := command(strings.Fields(arguments)...)

		if exit != 2 || out != "" || strings.Count(complaints, "\n") != 1 {
			t.Errorf("%s: %d, %q", arguments, exit, complaints)
		}
	}
	if exit := run(context.Background(), nil, "", io.Discard, io.Discard); exit != 2 {
		t.Errorf("without a key: %d", exit)
	}
}

func TestHelpNamesEveryOption(t *testing.T) {
	exit, out, complaints := command("--help")

	var w wish
	declared(&w, &words{}).VisitAll(visit(t, out))
	if exit != 0 || complaints != "" {
		t.Errorf("%d, %q", exit, complaints)
	}
}

func TestAnInterruptIsAGoodEnd(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		fmt.Fprintln(w, hello)
		w.(http.Flusher).Flush()
		interrupt()
		<-r.Context().Done()
	}))
	defer s.Close()
	var complaints bytes.Buffer

	if exit := run(ctx, []string{"--url", s.URL}, "k", io.Discard, &complaints); exit != 0 || complaints.Len() != 0 {
		t.Errorf("%d, %q", exit, &complaints)
	}
}

func visit(t *testing.T, help string) func(*flag.Flag) {
	return func(option *flag.Flag) {
		if !strings.Contains(help, "--"+option.Name) {
			t.Errorf("--%s is not explained", option.Name)
		}
	}
}
