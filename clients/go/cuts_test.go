package feed

import (
	"net/http"
	"reflect"
	"testing"
	"testing/quick"
)

func TestWhereverTheConnectionIsCutEveryRecordIsHandedOnOnce(t *testing.T) {
	const records = 12
	property := func(places []uint16) bool {
		s := play(t, cutting(t, records, places))
		defer s.Close()

		got := followed(t, s, Options{From: "1", Limit: records})

		return got.err == nil && reflect.DeepEqual(got.numbers, upTo(records))
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 40}); err != nil {
		t.Error(err)
	}
}

// cutting gives a feed of so many records, whose first responses are cut after so many bytes each.
func cutting(t *testing.T, records int, places []uint16) act {
	asked := 0
	return func(w http.ResponseWriter, r *http.Request) {
		first := 1
		if after := r.URL.Query().Get("after"); after != "" {
			at, err := ParseCursor(after)
			if err != nil {
				t.Error(err)
			}
			first = int(at.Number) + 1
		}
		text := hello(first, records) + "\n"
		for number := first; number <= records; number++ {
			text += rec(number) + "\n"
		}
		w.Header().Set("Content-Type", mediaType)
		asked++
		if asked > len(places) {
			w.Write([]byte(text))
			return
		}
		w.Write([]byte(text[:int(places[asked-1])%len(text)]))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}
