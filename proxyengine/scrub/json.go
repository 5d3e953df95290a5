package scrub

import (
	"bytes"
	"encoding/json"
	"strings"

	"crs/internal/jsonscan"
)

// Body gives an error's body without what is the operator's. JSON stays JSON, with the same members: only strings change, and
// numbers that are somebody's. A body that has nothing of it comes back as it is, the same bytes.
func (s *Scrubber) Body(body []byte) []byte { return s.body(body, 0) }

func (s *Scrubber) body(body []byte, depth int) []byte {
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) == 0 || first[0] != '{' && first[0] != '[' && first[0] != '"' || !json.Valid(body) {
		return s.text(body)
	}
	w := walk{s: s, in: body, depth: depth}
	w.run()
	if w.out == nil {
		return body
	}
	return append(w.out, body[w.copied:]...)
}

func (s *Scrubber) text(body []byte) []byte {
	before := string(body)
	if after := s.Text(before); after != before {
		return []byte(after)
	}
	return body
}

// walk goes through valid JSON once, and writes down what changes.
type walk struct {
	s      *Scrubber
	in     []byte
	out    []byte // nil until something changes
	copied int    // how much of in is in out
	depth  int    // of JSON in strings of JSON
	// words are what stands in the place of the values of each object and array that is open; "" where nothing does.
	words  []string
	member string // the word for the member whose value comes next
}

func (w *walk) run() {
	for i := 0; i < len(w.in); {
		switch c := w.in[i]; {
		case c == '"':
			i = w.str(i)
		case c == '{', c == '[':
			w.words = append(w.words, w.word())
			w.member = ""
			i++
		case c == '}', c == ']':
			w.words, w.member = w.words[:len(w.words)-1], ""
			i++
		case c == '-', '0' <= c && c <= '9':
			i = w.number(i)
		case c == ',':
			w.member = ""
			i++
		default:
			i++
		}
	}
}

// word is what stands in the place of the value that comes next: its member's, or that of what it is in.
func (w *walk) word() string {
	if w.member == "" && len(w.words) > 0 {
		return w.words[len(w.words)-1]
	}
	return w.member
}

// str looks at a string and gives where it ends.
func (w *walk) str(from int) int {
	var t jsonscan.Text
	t.Begin()
	end := from + 1
	end += t.Skip(w.in[end:])
	text, ok := jsonscan.String(w.in[from:end])
	if !ok {
		return end
	}
	if rest := bytes.TrimLeft(w.in[end:], " \t\r\n"); len(rest) > 0 && rest[0] == ':' {
		w.put(from, end, text, w.s.Text(text))
		if w.s.members {
			var room [48]byte // more than any of them has
			w.member = members[string(plain(room[:0], text))]
		}
		return end
	}
	w.put(from, end, text, w.value(text))
	return end
}

func (w *walk) value(text string) string {
	if word := w.word(); word != "" && text != "" {
		return word
	}
	if inner := strings.TrimSpace(text); w.depth < deepest && len(inner) > 1 && (inner[0] == '{' || inner[0] == '[') {
		return string(w.s.body([]byte(text), w.depth+1))
	}
	return w.s.Text(text)
}

func (w *walk) put(from, end int, before, after string) {
	if before == after {
		return
	}
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(after) // a string always can be
	w.splice(from, end, bytes.TrimRight(quoted.Bytes(), "\n"))
}

func (w *walk) splice(from, end int, text []byte) {
	if w.out == nil {
		w.out = make([]byte, 0, len(w.in))
	}
	w.out = append(append(w.out, w.in[w.copied:from]...), text...)
	w.copied = end
}

func (w *walk) number(from int) int {
	end := from
	for end < len(w.in) && strings.IndexByte("+-.eE0123456789", w.in[end]) >= 0 {
		end++
	}
	if w.word() != "" {
		w.splice(from, end, []byte("0"))
	}
	return end
}

// plain appends to room a member's name as members has it, whatever its style.
func plain(room []byte, name string) []byte {
	for _, c := range []byte(name) {
		switch {
		case c == '_', c == '-', c == ' ', c == '.':
		case 'A' <= c && c <= 'Z':
			room = append(room, c|0x20)
		default:
			room = append(room, c)
		}
	}
	return room
}

// members are those whose values are the operator's, whatever they look like.
var members = map[string]string{
	"organization": Organization, "organizationid": Organization, "organizationuuid": Organization, "organizationname": Organization,
	"organisation": Organization, "org": Organization, "orgid": Organization, "orguuid": Organization, "orgname": Organization,
	"workspace": Organization, "workspaceid": Organization, "tenant": Organization, "tenantid": Organization, "anthropicorganizationid": Organization,
	"openaiorganization": Organization,
	"account":            Account, "accountid": Account, "accountuuid": Account, "accountname": Account, "chatgptaccountid": Account, "awsaccountid": Account,
	"userid": Account, "username": Account, "subscriptionid": Account,
	"project": Project, "projectid": Project, "projectname": Project, "projectnumber": Project, "consumer": Project, "openaiproject": Project,
	"containerinfo": Project, "cloudaicompanionproject": Project,
	"email": Mail, "emailaddress": Mail, "useremail": Mail, "accountemail": Mail,
	"apikey": Credential, "xapikey": Credential, "xgoogapikey": Credential, "authorization": Credential, "proxyauthorization": Credential,
	"accesstoken": Credential, "refreshtoken": Credential, "idtoken": Credential, "sessiontoken": Credential, "securitytoken": Credential,
	"xamzsecuritytoken": Credential, "secretaccesskey": Credential, "accesskeyid": Credential, "awssecretaccesskey": Credential,
	"clientsecret": Credential, "password": Credential, "cookie": Credential, "setcookie": Credential,
	"host": Address, "hostname": Address, "endpoint": Address, "baseurl": Address, "apibase": Address, "upstreamurl": Address, "upstreamhost": Address,
	"remoteaddr": Address, "clientip": Address, "serverip": Address, "ip": Address, "ipaddress": Address, "proxy": Address, "proxyurl": Address,
	"resourcearn": Resource, "arn": Resource, "modelarn": Resource, "deploymentid": Resource, "resourceid": Resource,
}
