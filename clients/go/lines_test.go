package feed

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/quick"
)

// allLines reads to the end; it copies, since a line is valid until the next one only.
func allLines(in io.Reader, most int) ([]string, error) {
	reader := newLineReader(in, most)
	var found []string
	for {
		line, err := reader.next()
		if err != nil {
			return found, err
		}
		found = append(found, string(line))
	}
}

func TestLinesAreTheTextBetweenNewlinesHoweverItComes(t *testing.T) {
	property := func(words []string, slowly bool) bool {
		for i, word := range words {
			words[i] = strings.Repeat(strings.ReplaceAll(word, "\n", " "), 1+i*40)
		}
		var in io.Reader = strings.NewReader(strings.Join(append(words, ""), "\n"))
		if slowly {
			in = iotest.HalfReader(in)
		}

		found, err := allLines(in, maxLine)

		return err == io.EOF && strings.Join(found, "\n") == strings.Join(words, "\n") && len(found) == len(words)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestALineThatIsCutIsNoLine(t *testing.T) {
	long := strings.Repeat("x", 100<<10)
	for _, text := range []string{"a", "whole\npart", long, "whole\n" + long} {
		found, err := allLines(strings.NewReader(text), maxLine)

		if err != io.ErrUnexpectedEOF || len(found) != strings.Count(text, "\n") {
			t.Errorf("%.20q: %d lines, %v", text, len(found), err)
		}
	}
}

func TestAStreamsOwnErrorIsKept(t *testing.T) {
	broken := errors.New("broken")

	_, err := allLines(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), maxLine)

	if err != broken {
		t.Error(err)
	}
}

func TestALineMayBeAsLongAsAllowedAndNoLonger(t *testing.T) {
	for _, most := range []int{1, 100, 64 << 10, 64<<10 + 1, maxLine} {
		allowed := strings.Repeat("x", most)

		found, err := allLines(strings.NewReader(allowed+"\n"), most)
		if err != io.EOF || len(found) != 1 || found[0] != allowed {
			t.Errorf("%d bytes of %d allowed: %v", most, most, err)
		}
		if _, err := allLines(strings.NewReader(allowed+"x\n"), most); err != errLongLine {
			t.Errorf("%d bytes of %d allowed: %v", most+1, most, err)
		}
	}
}

// endless sends the same letter for ever, and counts.
type endless struct{ read int }

func (e *endless) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = 'x'
	}
	e.read += len(into)
	return len(into), nil
}

func TestALineWithoutEndIsGivenUpInBoundedMemory(t *testing.T) {
	in := &endless{}
	reader := newLineReader(in, maxLine)

	_, err := reader.next()

	if err != errLongLine || in.read > maxLine+2*64<<10 || cap(reader.start) > 2*maxLine {
		t.Errorf("%v after %d bytes, %d kept", err, in.read, cap(reader.start))
	}
}

// FuzzFrames reads anything as a feed: lines come out as they went in, and each is a frame or a *FrameError.
func FuzzFrames(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "{}\n", "null\n[]\n7\n", hello(1, 9) + "\n" + rec(1) + "\n", rec(1)[:20],
		`{"frame":"record","number":-1}` + "\n", `{"frame":"record","number":1e99}` + "\n",
		`{"frame":"gap","from":1,"to":9223372036854775807}` + "\n", "\xff\xfe\n", "{\"frame\":\"\xed\xa0\x80\"}\n",
		`{"frame":"later","number":{}}` + "\n", strings.Repeat(`{"frame":`, 2000) + "\n",
		`{"frame":"bye","reason":"shutdown","retry_after_ms":-1e308}` + "\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := allLines(iotest.HalfReader(bytes.NewReader(data)), 4096)

		whole := strings.Join(append(found, ""), "\n")
		if !strings.HasPrefix(string(data), whole) || err == io.EOF && whole != string(data) {
			t.Fatalf("%d lines are not what was sent", len(found))
		}
		for _, line := range found {
			judge(t, line)
		}
	})
}

func judge(t *testing.T, line string) {
	frame, err := parseFrame([]byte(line))
	var bad *FrameError
	if err != nil && (!errors.As(err, &bad) || len(bad.Line) > 80) {
		t.Fatalf("%q: %v", line, err)
	}
	switch frame := frame.(type) {
	case *Record:
		if frame.Number < 1 || string(frame.Line) != line || frame.Prev != nil && *frame.Prev >= frame.Number {
			t.Fatalf("%q was read as %+v", line, frame)
		}
	case *welcome:
		if frame.From < 1 || heartbeatOf(frame.HeartbeatS) <= 0 {
			t.Fatalf("%q was read as %+v", line, frame)
		}
	case *farewell:
		if wait := clamped(frame.RetryAfterMs * 1e6); wait < 0 {
			t.Fatalf("%q waits %s", line, wait)
		}
	}
}
