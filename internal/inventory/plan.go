package inventory

// side is what one region has of a SKU, and how many units it sold there lately.
type side struct{ available, demand int64 }

// spare is how many units a region gives that is asked for some. What the other needs comes first: the shop has the goods and a shopper wants
// them. It gives as much more as the other sells anyway, so that not every order has to ask. But when both want more than there is, the giver keeps
// half, and always what it sells itself if that is less.
func spare(asked int64, own, peer side) int64 {
	if asked <= 0 {
		return 0
	}
	most := max((own.available+1)/2, own.available-own.demand)
	return min(asked+peer.demand, most)
}

// level is how many units a region gives unasked: when the other has less than half of what its part of the demand is worth of all goods, it gets
// what it lacks to the whole of it. The gap between half and whole keeps two regions that see each other late from passing goods to and fro. Where
// nothing is sold, goods stay where they arrived. Each region is taken to sell a quarter of the goods on top of what it was seen to sell: a few orders
// in one region must not leave the other with empty shelves, from which it could not sell when it is cut off.
func level(own, peer side) int64 {
	if peer.demand == 0 {
		return 0
	}
	goods := own.available + peer.available
	prior := float64(goods) / 4
	worth := int64(float64(goods) * (float64(peer.demand) + prior) / (float64(own.demand+peer.demand) + 2*prior))
	if peer.available >= worth/2 {
		return 0
	}
	return min(own.available, worth-peer.available)
}

// demandNow is the demand for a SKU when so many units were sold since it was last looked at: half of what went before counts.
func demandNow(before, sold int64) int64 { return before/2 + max(0, sold) }
