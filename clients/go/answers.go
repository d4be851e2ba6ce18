package feed

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// A problem is a few hundred bytes; what is beyond this is not read.
const mostProblem = 64 << 10

// answered reads a response that is not a feed: a final refusal, or how long to stay away.
func answered(response *http.Response, now time.Time) ending {
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		// A redirect may lead anywhere, and the credential is meant for one server.
		detail := "redirects are not followed; give the address itself"
		return ending{final: &RefusedError{Answer{Status: response.StatusCode, Code: "redirected", Detail: detail}}}
	}
	answer := problemOf(response)
	if final := refusal(answer); final != nil {
		return ending{final: final}
	}
	return ending{
		cause: fmt.Errorf("feed: the server answered %s", answer),
		asked: retryAfter(response.Header.Get("Retry-After"), now),
	}
}

func problemOf(response *http.Response) Answer {
	var problem struct {
		Code      string     `json:"code"`
		Detail    string     `json:"detail"`
		Available *Available `json:"available"`
	}
	answer := Answer{Status: response.StatusCode, Code: codeOf(response.StatusCode)}
	// What cannot be read as a problem comes from something in between: the status says enough.
	body, err := io.ReadAll(io.LimitReader(response.Body, mostProblem))
	if err != nil || json.Unmarshal(body, &problem) != nil {
		return answer
	}
	if problem.Code != "" {
		answer.Code = problem.Code
	}
	answer.Detail, answer.Available = problem.Detail, problem.Available
	return answer
}

func codeOf(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "invalid"
	case http.StatusUnauthorized:
		return "unauthorised"
	case http.StatusForbidden:
		return "forbidden_scope"
	case http.StatusNotFound:
		return "not_found"
	case http.StatusGone:
		return "too_old"
	case http.StatusConflict:
		return "epoch_changed"
	case http.StatusRequestedRangeNotSatisfiable:
		return "in_the_future"
	case http.StatusNotImplemented:
		return "not_yet"
	default:
		return http.StatusText(status)
	}
}

// refusal gives the typed error of a final answer; nil if coming back may help.
func refusal(answer Answer) error {
	switch answer.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		// What this server has not built yet it will not have at the next try.
		http.StatusNotImplemented:
		return &RefusedError{answer}
	case http.StatusGone:
		return &TooOldError{answer}
	case http.StatusConflict:
		return &EpochChangedError{answer}
	case http.StatusRequestedRangeNotSatisfiable:
		return &InTheFutureError{answer}
	default:
		return nil
	}
}

// parted gives the typed error of a bye that is final; nil if coming back may help.
func parted(bye farewell) error {
	answer := Answer{Code: bye.Reason, Detail: bye.Detail, Available: bye.Available}
	switch bye.Reason {
	case "revoked", "replaced", "unauthorised", "forbidden_scope", "not_found", "invalid":
		return &RefusedError{answer}
	case "too_old":
		return &TooOldError{answer}
	case "epoch_changed":
		return &EpochChangedError{answer}
	case "in_the_future":
		return &InTheFutureError{answer}
	default:
		return nil
	}
}

// retryAfter reads the header as seconds or as a date; 0 if it says nothing that can be understood.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseFloat(header, 64); err == nil {
		return clamped(seconds * float64(time.Second))
	}
	if at, err := http.ParseTime(header); err == nil {
		return clamped(float64(at.Sub(now)))
	}
	return 0
}

// clamped makes a wait of nanoseconds that a server asks for one that fits: at least none, at most a day.
func clamped(nanoseconds float64) time.Duration {
	const day = 24 * time.Hour
	switch {
	case nanoseconds >= float64(day):
		return day
	case nanoseconds > 0:
		return time.Duration(nanoseconds)
	default:
		return 0
	}
}
