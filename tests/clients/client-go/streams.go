// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
)

// Streams into a pod that runs: $POD in namespace default, whose image has a shell and whose port 80 serves HTTP. Without it there are none.
var streamClaims = []claim{
	{"a_command_runs_over_websocket", execBy(websocket, echoes)},
	{"a_command_runs_over_spdy", execBy(spdyOnly, echoes)},
	{"its_exit_code_comes_back_over_websocket", execBy(websocket, exits)},
	{"its_exit_code_comes_back_over_spdy", execBy(spdyOnly, exits)},
	{"a_terminal_has_its_size_over_websocket", execBy(websocket, sized)},
	{"a_terminal_has_its_size_over_spdy", execBy(spdyOnly, sized)},
	{"much_goes_both_ways_over_websocket", execBy(websocket, much)},
	{"much_goes_both_ways_over_spdy", execBy(spdyOnly, much)},
	{"a_command_ends_with_its_client", cancelled},
	{"a_port_is_forwarded_over_websocket", forwardedBy(tunnelDialer)},
	{"a_port_is_forwarded_over_spdy", forwardedBy(spdyDialer)},
	{"logs_are_followed", followed},
}

var pod = os.Getenv("POD")

type dial func(c *cluster, address *url.URL) (remotecommand.Executor, error)

func websocket(c *cluster, address *url.URL) (remotecommand.Executor, error) {
	return remotecommand.NewWebSocketExecutor(c.config, http.MethodGet, address.String())
}
func spdyOnly(c *cluster, address *url.URL) (remotecommand.Executor, error) {
	return remotecommand.NewSPDYExecutor(c.config, http.MethodPost, address)
}

// shell runs a command line in the pod.
type shell func(ctx context.Context, o remotecommand.StreamOptions, line string) error

func execBy(dial dial, test func(ctx context.Context, sh shell) error) func(context.Context, *cluster) error {
	return func(ctx context.Context, c *cluster) error {
		return test(ctx, func(ctx context.Context, o remotecommand.StreamOptions, line string) error {
			request := c.typed.CoreV1().RESTClient().Post().Namespace("default").Resource("pods").Name(pod).SubResource("exec").
				VersionedParams(&corev1.PodExecOptions{Command: []string{"sh", "-c", line}, Stdin: o.Stdin != nil, Stdout: o.Stdout != nil,
					Stderr: o.Stderr != nil, TTY: o.Tty}, scheme.ParameterCodec)
			executor, err := dial(c, request.URL())
			if err != nil {
				return err
			}
			return executor.StreamWithContext(ctx, o)
		})
	}
}

func echoes(ctx context.Context, sh shell) error {
	var out, failure bytes.Buffer
	err := sh(ctx, remotecommand.StreamOptions{Stdin: strings.NewReader("word"), Stdout: &out, Stderr: &failure}, "cat; echo wrong >&2")
	if err != nil {
		return err
	}
	return want("output", "word wrong", out.String()+" "+strings.TrimSpace(failure.String()))
}

func exits(ctx context.Context, sh shell) error {
	err := sh(ctx, remotecommand.StreamOptions{Stdout: io.Discard, Stderr: io.Discard}, "exit 42")
	var exit exec.CodeExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("wanted a code, have %v", err)
	}
	return want("code", 42, exit.Code)
}

type size struct {
	sizes chan remotecommand.TerminalSize
}

func (s size) Next() *remotecommand.TerminalSize {
	one, ok := <-s.sizes
	if !ok {
		return nil
	}
	return &one
}

func sized(ctx context.Context, sh shell) error {
	s := size{make(chan remotecommand.TerminalSize, 1)}
	s.sizes <- remotecommand.TerminalSize{Width: 123, Height: 45}
	defer close(s.sizes)
	var out bytes.Buffer
	err := sh(ctx, remotecommand.StreamOptions{Stdin: strings.NewReader(""), Stdout: &out, Tty: true, TerminalSizeQueue: s},
		"until [ \"$(stty size)\" = '45 123' ]; do :; done; echo fits")
	if err != nil {
		return err
	}
	return want("terminal", "fits", strings.TrimSpace(out.String()))
}

func much(ctx context.Context, sh shell) error {
	const bytesSent = 8 << 20
	var out bytes.Buffer
	in := io.LimitReader(repeated{}, bytesSent)
	if err := sh(ctx, remotecommand.StreamOptions{Stdin: in, Stdout: &out}, "cat"); err != nil {
		return err
	}
	return want("bytes", bytesSent, out.Len())
}

type repeated struct{}

func (repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte('a' + i%26)
	}
	return len(p), nil
}

func cancelled(ctx context.Context, c *cluster) error {
	began, cancel := context.WithCancel(ctx)
	defer cancel()
	return execBy(websocket, func(ctx context.Context, sh shell) error {
		ended := make(chan error, 1)
		r, w := io.Pipe()
		go func() {
			ended <- sh(began, remotecommand.StreamOptions{Stdout: w}, "echo here; exec cat /dev/zero >/dev/null")
		}()
		if _, err := r.Read(make([]byte, 5)); err != nil {
			return err
		}
		cancel()
		return want("cancelled", true, errors.Is(<-ended, context.Canceled))
	})(ctx, c)
}

type dialer func(c *cluster, address *url.URL) (httpstream.Dialer, error)

func spdyDialer(c *cluster, address *url.URL) (httpstream.Dialer, error) {
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, err
	}
	return spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, address), nil
}
func tunnelDialer(c *cluster, address *url.URL) (httpstream.Dialer, error) {
	return portforward.NewSPDYOverWebsocketDialer(address, c.config)
}

func forwardedBy(dial dialer) func(context.Context, *cluster) error {
	return func(ctx context.Context, c *cluster) error {
		address := c.typed.CoreV1().RESTClient().Post().Namespace("default").Resource("pods").Name(pod).SubResource("portforward").URL()
		d, err := dial(c, address)
		if err != nil {
			return err
		}
		stop, ready := make(chan struct{}), make(chan struct{})
		f, err := portforward.NewOnAddresses(d, []string{"127.0.0.1"}, []string{"0:80"}, stop, ready, io.Discard, io.Discard)
		if err != nil {
			return err
		}
		ended := make(chan error, 1)
		go func() { ended <- f.ForwardPorts() }()
		defer func() { close(stop); <-ended }()
		select {
		case <-ready:
		case err := <-ended:
			ended <- err
			return fmt.Errorf("it ended: %v", err)
		}
		ports, err := f.GetPorts()
		if err != nil {
			return err
		}
		for range 3 {
			answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", ports[0].Local))
			if err != nil {
				return err
			}
			text, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || len(text) == 0 {
				return fmt.Errorf("%d bytes, %v", len(text), err)
			}
		}
		return nil
	}
}

func followed(ctx context.Context, c *cluster) error {
	lines := int64(1)
	stream, err := c.typed.CoreV1().Pods("default").GetLogs(pod, &corev1.PodLogOptions{Follow: true, TailLines: &lines}).Stream(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	if _, err := stream.Read(make([]byte, 100)); err != nil {
		return err
	}
	_, err = c.typed.CoreV1().Pods("default").Get(ctx, pod, metav1.GetOptions{})
	return err
}
