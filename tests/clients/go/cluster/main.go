// Does go-redis' cluster client lose nothing while slots move and masters fail?
//
// Each worker sets keys of its own to rising numbers and reads them back, until the file STOP
// exists. A number counts as kept when WAIT has said that a replica has it. In the end each key is
// one that was kept or sent later. SEEDS names nodes of the cluster.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	workers = 3
	keys    = 50
)

var (
	ctx           = context.Background()
	kept, errored atomic.Int64
	wrong         atomic.Int64
)

func name(worker, key int) string { return fmt.Sprintf("go:%d:%d", worker, key) }

// Reads a key as a number; a key that is not there is 0.
func read(client *redis.ClusterClient, key string) (int, error) {
	text, err := client.Get(ctx, key).Result()
	if err == redis.Nil {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

func expect(key string, found, low, high int) {
	if found < low || found > high {
		wrong.Add(1)
		fmt.Printf("FAIL %s is %d, not between %d and %d\n", key, found, low, high)
	}
}

// Sets a key; true: a replica has it.
func set(client *redis.ClusterClient, key string, number int) (bool, error) {
	node, err := client.MasterForKey(ctx, key)
	if err != nil {
		return false, err
	}
	var replicas *redis.Cmd
	_, err = node.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, key, number, 0)
		replicas = pipe.Do(ctx, "WAIT", 1, 50)
		return nil
	})
	if err != nil {
		// The node may have moved: the cluster client itself follows.
		return false, client.Set(ctx, key, number, 0).Err()
	}
	count, err := replicas.Int()
	return count >= 1, err
}

func main() {
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: strings.Split(os.Getenv("SEEDS"), ","),
		// Whoever tries long to reach a node that was killed learns late who has replaced it.
		DialerRetries: 1,
		DialTimeout:   time.Second,
		ReadTimeout:   2 * time.Second,
	})
	stopped := func() bool {
		_, err := os.Stat(os.Getenv("STOP"))
		return err == nil
	}
	var group sync.WaitGroup
	var low, high [workers][keys]int
	for worker := range workers {
		group.Go(func() {
			for round := 1; !stopped(); round++ {
				for key := range keys {
					name := name(worker, key)
					high[worker][key] = round
					safe, err := set(client, name, round)
					if err != nil {
						errored.Add(1)
						time.Sleep(20 * time.Millisecond)
						continue
					}
					if safe {
						low[worker][key] = round
						kept.Add(1)
					}
					if found, err := read(client, name); err == nil {
						expect(name, found, low[worker][key], round)
					}
				}
			}
		})
	}
	group.Wait()
	for worker := range workers {
		for key := range keys {
			name := name(worker, key)
			found, err := read(client, name)
			for tries := 0; err != nil && tries < 50; tries++ {
				time.Sleep(100 * time.Millisecond)
				found, err = read(client, name)
			}
			if err != nil {
				wrong.Add(1)
				fmt.Printf("FAIL %s: %v\n", name, err)
				continue
			}
			expect(name, found, low[worker][key], high[worker][key])
		}
	}
	fmt.Printf("%d kept, %d errors, %d wrong\n", kept.Load(), errored.Load(), wrong.Load())
	if wrong.Load() > 0 || kept.Load() == 0 {
		os.Exit(1)
	}
}
