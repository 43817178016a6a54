package browserprobe

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/chromedp/cdproto"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

var (
	// errLost is wrapped by every error that a lost DevTools connection causes.
	errLost = errors.New("the connection to the browser was lost")
	// errDetached is returned by calls on a session whose target has gone.
	errDetached = errors.New("the page was closed")
)

// A conn is one DevTools connection. It hands events to their session in the order in which Chrome sent them, and
// before the answers that follow them, so that after a call everything that happened before its answer is known.
//
// It stands in for chromedp's own Browser and Target because those drop the events of targets that were attached to
// automatically (cross-site iframes, workers), and mirror the DOM of every page, which costs more than all of our steps.
type conn struct {
	tr chromedp.Transport

	mu       sync.Mutex
	next     int64
	pending  map[int64]*pendingCall
	sessions map[target.SessionID]*session
	onEvent  func(method cdproto.MethodType, event any)
	err      error
	out      []*cdproto.Message
	wake     chan struct{}

	lost    chan struct{}
	readers sync.WaitGroup
}

type pendingCall struct {
	conn    *conn
	id      int64
	session *session
	reply   chan *cdproto.Message
	err     error
}

// newConn speaks over tr until it fails or close is called. onEvent gets the events of no session; like the handlers of
// sessions it runs on the reading goroutine and must not wait for anything.
func newConn(tr chromedp.Transport, onEvent func(cdproto.MethodType, any)) *conn {
	c := &conn{
		tr: tr, onEvent: onEvent,
		pending:  map[int64]*pendingCall{},
		sessions: map[target.SessionID]*session{},
		wake:     make(chan struct{}, 1),
		lost:     make(chan struct{}),
	}
	c.readers.Add(2)
	go c.read()
	go c.write()
	return c
}

// close ends the connection and waits for its goroutines.
func (c *conn) close() {
	c.fail(errors.New("closed by the prober"))
	c.readers.Wait()
}

// fail records why the connection is gone, once, and wakes everybody who waits for an answer.
func (c *conn) fail(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = fmt.Errorf("%w (%w)", errLost, err)
	close(c.lost)
	c.mu.Unlock()
	c.tr.Close()
}

func (c *conn) read() {
	defer c.readers.Done()
	for {
		msg := new(cdproto.Message)
		if err := c.tr.Read(context.Background(), msg); err != nil {
			c.fail(err)
			return
		}
		if msg.ID != 0 {
			c.mu.Lock()
			call := c.pending[msg.ID]
			delete(c.pending, msg.ID)
			c.mu.Unlock()
			if call != nil {
				call.reply <- msg
			}
			continue
		}
		if !wantedEvents[msg.Method] {
			continue
		}
		event, err := cdproto.UnmarshalMessage(msg, chromedp.DefaultUnmarshalOptions)
		if err != nil {
			continue // an event of another version of the protocol
		}
		if msg.SessionID == "" {
			c.onEvent(msg.Method, event)
			continue
		}
		c.mu.Lock()
		s := c.sessions[msg.SessionID]
		c.mu.Unlock()
		if s != nil {
			s.handle(s, event)
		}
	}
}

// write sends from a queue without limit, so that handlers on the reading goroutine can send and never wait.
func (c *conn) write() {
	defer c.readers.Done()
	for {
		c.mu.Lock()
		queue := c.out
		c.out = nil
		c.mu.Unlock()
		for _, msg := range queue {
			if err := c.tr.Write(context.Background(), msg); err != nil {
				c.fail(err)
				return
			}
		}
		if len(queue) > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-c.lost:
			return
		}
	}
}

func (c *conn) start(s *session, method string, params any) *pendingCall {
	call := &pendingCall{conn: c, session: s, reply: make(chan *cdproto.Message, 1)}
	msg := &cdproto.Message{Method: cdproto.MethodType(method)}
	if params != nil {
		msg.Params, call.err = jsonv2.Marshal(params, chromedp.DefaultMarshalOptions)
		if call.err != nil {
			return call
		}
	}
	if s != nil {
		msg.SessionID = s.id
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		call.err = c.err
		return call
	}
	c.next++
	call.id, msg.ID = c.next, c.next
	c.pending[call.id] = call
	c.out = append(c.out, msg)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return call
}

// wait returns the answer of a started call, decoded into result unless that is nil.
func (p *pendingCall) wait(ctx context.Context, result any) error {
	if p.err != nil {
		return p.err
	}
	var gone chan struct{}
	if p.session != nil {
		gone = p.session.gone
	}
	select {
	case msg := <-p.reply:
		return decodeReply(msg, result)
	default:
	}
	select {
	case msg := <-p.reply:
		return decodeReply(msg, result)
	case <-ctx.Done():
		p.conn.forget(p.id)
		return ctx.Err()
	case <-gone:
		p.conn.forget(p.id)
		return errDetached
	case <-p.conn.lost:
		select {
		case msg := <-p.reply: // it may have come just before
			return decodeReply(msg, result)
		default:
			return p.conn.lostErr()
		}
	}
}

func (c *conn) forget(id int64) {
	c.mu.Lock()
	delete(c.pending, id)
	c.mu.Unlock()
}

func (c *conn) lostErr() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func decodeReply(msg *cdproto.Message, result any) error {
	if msg.Error != nil {
		return msg.Error
	}
	if result == nil {
		return nil
	}
	return jsonv2.Unmarshal(msg.Result, result, chromedp.DefaultUnmarshalOptions)
}

// Call implements cdp.Session for the browser itself.
func (c *conn) Call(ctx context.Context, method string, params, result any) error {
	return c.start(nil, method, params).wait(ctx, result)
}

// Subscribe implements cdp.Session; events go to the handlers only.
func (c *conn) Subscribe(string) (<-chan jsonv2.Value, func()) { panic("not used") }

// A session is the connection to one target: a page, an iframe of another site, or a worker.
type session struct {
	conn *conn
	id   target.SessionID
	info *target.Info
	// handle gets the events of the session, see newConn.
	handle func(*session, any)
	gone   chan struct{}
	once   sync.Once
}

// attach makes the session known. It must be called before events of the session are awaited.
func (c *conn) attach(id target.SessionID, info *target.Info, handle func(*session, any)) *session {
	s := &session{conn: c, id: id, info: info, handle: handle, gone: make(chan struct{})}
	c.mu.Lock()
	c.sessions[id] = s
	c.mu.Unlock()
	return s
}

func (c *conn) detach(s *session) {
	c.mu.Lock()
	delete(c.sessions, s.id)
	c.mu.Unlock()
	s.once.Do(func() { close(s.gone) })
}

// Call implements cdp.Session.
func (s *session) Call(ctx context.Context, method string, params, result any) error {
	return s.conn.start(s, method, params).wait(ctx, result)
}

// Subscribe implements cdp.Session; events go to the handler only.
func (s *session) Subscribe(string) (<-chan jsonv2.Value, func()) { panic("not used") }

// start sends a command without waiting for its answer.
func (s *session) start(method string, params any) *pendingCall {
	return s.conn.start(s, method, params)
}

// post sends a command whose answer does not matter.
func (s *session) post(method string, params any) {
	call := s.conn.start(s, method, params)
	s.conn.forget(call.id)
}
