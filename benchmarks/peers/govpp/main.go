// Talks to VPP with govpp on one connection.
//
// Arguments: SOCKET, and what other clients need besides
package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"go.fd.io/govpp/adapter/socketclient"
	"go.fd.io/govpp/api"
	interfaces "go.fd.io/govpp/binapi/interface"
	"go.fd.io/govpp/binapi/interface_types"
	"go.fd.io/govpp/binapi/memclnt"
	"go.fd.io/govpp/codec"
	"go.fd.io/govpp/core"
)

type client struct {
	socket     string
	connection *core.Connection
}

func (c *client) open() error {
	connection, err := core.Connect(socketclient.NewVppClient(c.socket))
	c.connection = connection
	return err
}

func (c *client) close() {
	if c.connection != nil {
		c.connection.Disconnect()
		c.connection = nil
	}
}

// connect connects and leaves, over and over; only the connecting is timed. What the modules' messages are called on this
// server is asked there too, as it has to be before the first request.
func (c *client) connect(count int) (*measured, error) {
	result := &measured{}
	before := cpuUs()
	for i := 0; i < count; i++ {
		start := time.Now()
		if err := c.open(); err != nil {
			return nil, err
		}
		result.add(start)
		c.close()
	}
	result.CPUUs = cpuUs() - before
	return result, nil
}

func (c *client) stream(size int) (api.Stream, error) {
	return c.connection.NewStream(context.Background(),
		core.WithRequestSize(size), core.WithReplySize(size), core.WithReplyTimeout(10*time.Second))
}

// ping keeps `window` pings under way, by the stream API: of govpp's three the one that costs least.
func (c *client) ping(window, count int) (*measured, error) {
	stream, err := c.stream(window + 1)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	result := &measured{}
	before := cpuUs()
	start := time.Now()
	for sent, received := 0, 0; received < count; {
		for ; sent < count && sent-received < window; sent++ {
			if err := stream.SendMsg(&memclnt.ControlPing{}); err != nil {
				return nil, err
			}
		}
		message, err := stream.RecvMsg()
		if err != nil {
			return nil, err
		}
		reply, ok := message.(*memclnt.ControlPingReply)
		if !ok || reply.Retval != 0 {
			return nil, fmt.Errorf("a ping was answered with %v", message)
		}
		received++
	}
	result.add(start)
	result.CPUUs = cpuUs() - before
	return result, nil
}

func (c *client) dump(count int) (*measured, error) {
	result := &measured{}
	before := cpuUs()
	for i := 0; i < count; i++ {
		start := time.Now()
		details, err := c.interfaces()
		if err != nil {
			return nil, err
		}
		result.add(start)
		result.Details = len(details)
	}
	result.CPUUs = cpuUs() - before
	return result, nil
}

func (c *client) interfaces() ([]*interfaces.SwInterfaceDetails, error) {
	stream, err := c.stream(8192)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if err := stream.SendMsg(&interfaces.SwInterfaceDump{SwIfIndex: ^interface_types.InterfaceIndex(0)}); err != nil {
		return nil, err
	}
	if err := stream.SendMsg(&memclnt.ControlPing{}); err != nil {
		return nil, err
	}
	var all []*interfaces.SwInterfaceDetails
	for {
		message, err := stream.RecvMsg()
		if err != nil {
			return nil, err
		}
		switch details := message.(type) {
		case *interfaces.SwInterfaceDetails:
			all = append(all, details)
		case *memclnt.ControlPingReply:
			return all, nil
		default:
			return nil, fmt.Errorf("a dump was answered with %T", message)
		}
	}
}

const messageID = 500

func bytesOf(message api.Message) ([]byte, error) {
	return codec.DefaultCodec.EncodeMsg(message, messageID)
}

// sampleBytes gives the bytes of the eighth value of each message.
func sampleBytes() (map[string]string, error) {
	found := map[string]string{}
	for _, sample := range samples {
		data, err := bytesOf(sample.value(7))
		if err != nil {
			return nil, err
		}
		found[sample.value(0).GetMessageName()] = hex.EncodeToString(data)
	}
	return found, nil
}

type codecTimes struct {
	EncodeNs float64 `json:"encodeNs"`
	DecodeNs float64 `json:"decodeNs"`
}

// kept keeps results alive, so that no work is optimised away.
var kept any

// codecs encodes and decodes each message `count` times, with a new buffer and a new value for each, as govpp's
// connection does.
func codecs(count int) (map[string]codecTimes, error) {
	const different = 1000
	found := map[string]codecTimes{}
	for _, sample := range samples {
		values := make([]api.Message, different)
		encoded := make([][]byte, different)
		for i := range values {
			values[i] = sample.value(uint32(i))
			data, err := bytesOf(values[i])
			if err != nil {
				return nil, err
			}
			encoded[i] = data
		}
		before := cpuUs()
		for i := 0; i < count; i++ {
			data, err := bytesOf(values[i%different])
			if err != nil {
				return nil, err
			}
			kept = data
		}
		between := cpuUs()
		for i := 0; i < count; i++ {
			message := sample.empty()
			if err := codec.DefaultCodec.DecodeMsg(encoded[i%different], message); err != nil {
				return nil, err
			}
			kept = message
		}
		end := cpuUs()
		nanoseconds := func(us int64) float64 { return float64(us) * 1000 / float64(count) }
		found[values[0].GetMessageName()] = codecTimes{nanoseconds(between - before), nanoseconds(end - between)}
	}
	return found, nil
}

// versions of the parts, from what the Go linker noted in this program.
func versions() map[string]string {
	found := map[string]string{"go": runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == "go.fd.io/govpp" {
				found["govpp"] = dependency.Version
			}
		}
	}
	return found
}

func main() {
	if len(os.Args) < 2 {
		panic(errors.New("give the API socket of VPP"))
	}
	serve(&client{socket: os.Args[1]})
}
