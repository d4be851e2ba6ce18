package feed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTheCredentialIsAskedForBeforeEachConnectionAndSentNowhereElse(t *testing.T) {
	s := play(t, cut(hello(1, 2), rec(1)), answer(302, "", "Location", "/elsewhere"))
	count := 0
	ticket := func(context.Context) (string, error) { count++; return fmt.Sprintf("ticket-%d", count), nil }

	err := Follow(context.Background(), Options{URL: s.URL, Credential: ticket, LongestWait: 1},
		takeAny)

	if kind, said := kindOf(err); kind != "refused" || said.Code != "redirected" || strings.Contains(err.Error(), "ticket") {
		t.Errorf("%v", err)
	}
	for i, r := range s.asked {
		if want := fmt.Sprintf("Bearer ticket-%d", i+1); r.Header.Get("Authorization") != want {
			t.Errorf("request %d showed %q", i, r.Header.Get("Authorization"))
		}
	}
	if len(s.asked) != 2 || s.asked[1].URL.Path != "/v1/feed" {
		t.Errorf("%d requests", len(s.asked))
	}
}

func TestACredentialThatCannotBeHadEndsFollowing(t *testing.T) {
	away := errors.New("the vault is locked")
	err := Follow(context.Background(), Options{URL: "http://127.0.0.1:9", Credential: func(context.Context) (string, error) {
		return "", away
	}}, takeAny)

	if !errors.Is(err, away) {
		t.Errorf("%v", err)
	}
}

func TestAContextEndsFollowingWhateverItIsDoing(t *testing.T) {
	for name, next := range map[string]act{
		"reading": hold(hello(1, 1), rec(1)),
		"waiting": answer(503, "", "Retry-After", "30"),
		"asking":  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		s := play(t, next)
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		begun := time.Now()

		err := Follow(ctx, Options{URL: s.URL, Credential: Key("k"), From: "1"},
			takeAny)

		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 5*time.Second {
			t.Errorf("%s: %v after %s", name, err, time.Since(begun))
		}
	}
}

func TestTheRequestSaysAllThatTheOptionsSay(t *testing.T) {
	wait := 1200 * time.Millisecond
	options := Options{
		URL: "https://vouch.example/behind/", Credential: Key("k"), Case: "c 1%", Partition: Part{1, 4},
		Kinds: []string{"check", "decision"}, Subscription: "letters", Limit: 7, UntilCaughtUp: true, Wait: &wait,
		After: Position{epoch, 75},
	}
	f, err := newFollower(options, takeAny)
	if err != nil {
		t.Fatal(err)
	}

	request, err := f.request(context.Background())

	want := "https://vouch.example/behind/v1/cases/c%201%25/feed?after=0badcafe-75&kinds=check%2Cdecision&limit=7" +
		"&partition=1%2F4&subscription=letters&until=caught_up&wait=2"
	if err != nil || request.URL.String() != want {
		t.Errorf("%v, %v", request.URL, err)
	}
}

func TestOptionsThatCannotBeMeantAreRefusedBeforeAnythingIsSent(t *testing.T) {
	less := -time.Second
	for name, options := range map[string]Options{
		"URL":                         {URL: "vouch.example"},
		"Credential":                  {URL: "http://localhost", Credential: nil},
		"After":                       {From: "1", After: Position{epoch, 1}},
		"From":                        {From: "0"},
		"Partition":                   {Partition: Part{4, 4}},
		"Limit, Wait and LongestWait": {Wait: &less},
		"Case":                        {Case: "../clients/me"},
		"CAFile":                      {CAFile: "does/not/exist"},
	} {
		if name != "Credential" {
			options.Credential = Key("k")
		}
		if options.URL == "" {
			options.URL = "https://vouch.example"
		}

		err := Follow(context.Background(), options, takeAny)

		var wrong *OptionsError
		if !errors.As(err, &wrong) || wrong.Option != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPositionThatIsNoneIsRefused(t *testing.T) {
	for _, at := range []Position{{"", 5}, {"0BADCAFE", 5}, {epoch, -5}, {"x&from=1", 5}} {
		_, err := Options{Credential: Key("k"), After: at}.checked()

		var wrong *OptionsError
		if !errors.As(err, &wrong) {
			t.Errorf("%+v: %v", at, err)
		}
	}
}

func TestACredentialThatNoHeaderMayHoldIsNeitherSentNorTold(t *testing.T) {
	for _, key := range []string{"", "two words", "line\r\nX-Evil: 1", "clé"} {
		s := play(t, lines())

		err := Follow(context.Background(), Options{URL: s.URL, Credential: Key(key)},
			takeAny)

		var wrong *OptionsError
		if !errors.As(err, &wrong) || len(s.queries()) != 0 || key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("%q: %v", key, err)
		}
	}
}
